// OctetRuntime: begun here.
