// OctetGraph: begun here.
