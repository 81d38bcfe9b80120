// OctetServing: begun here.
