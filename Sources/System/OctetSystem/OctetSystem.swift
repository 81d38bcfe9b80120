// OctetSystem: begun here.
