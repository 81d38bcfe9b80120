// OctetPlanning: begun here.
