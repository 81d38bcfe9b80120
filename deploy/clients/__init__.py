"""What clients of the field send, against `octet serve`: every call of tritonclient.http and its asyncio twin, the requests of
perf_analyzer, TensorFlow Serving's words, pictures, and what is broken.

deploy/check-clients installs the clients and starts this. The models are `digits`, which octet has inside, and ones that
server.py writes: they answer their inputs as they are, so that what comes back can be compared bit by bit.
"""
