// OctetTransformations: begun here.
