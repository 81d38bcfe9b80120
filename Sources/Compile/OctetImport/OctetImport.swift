// OctetImport: begun here.
