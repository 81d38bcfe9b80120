// OctetOperators: begun here.
