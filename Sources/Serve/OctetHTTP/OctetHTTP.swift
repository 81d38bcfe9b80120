// OctetHTTP: begun here.
