"""tritonclient.http.aio."""

import asyncio
import unittest

import tritonclient.http as triton
import tritonclient.http.aio as triton_aio
from tritonclient.utils import InferenceServerException

from .server import server
from .tensors import CODINGS, digit, wanted


class AsyncioClient(unittest.IsolatedAsyncioTestCase):
    async def asyncSetUp(self):
        self.client = triton_aio.InferenceServerClient(server.address)
        self.addAsyncCleanup(self.client.close)

    async def assertRefused(self, status, pattern, call):
        with self.assertRaises(InferenceServerException) as context:
            await call
        self.assertEqual(context.exception.status(), str(status))
        self.assertRegex(context.exception.message(), pattern)

    async def test_every_call_about_the_server_and_its_models(self):
        client = self.client
        self.assertTrue(await client.is_server_live())
        self.assertTrue(await client.is_server_ready())
        self.assertTrue(await client.is_model_ready("digits", "1"))
        self.assertFalse(await client.is_model_ready("unknown"))
        self.assertEqual((await client.get_server_metadata())["name"], "octet")
        self.assertEqual((await client.get_model_metadata("digits"))["name"], "digits")
        self.assertEqual((await client.get_model_config("digits"))["max_batch_size"], 8)
        self.assertEqual((await client.get_model_repository_index())[0]["name"], "digits")
        self.assertEqual((await client.get_inference_statistics("digits"))["model_stats"][0]["name"], "digits")
        self.assertEqual((await client.get_trace_settings())["trace_level"], ["OFF"])
        self.assertEqual((await client.get_log_settings())["log_error"], True)
        self.assertEqual(await client.get_system_shared_memory_status(), [])
        self.assertEqual(await client.get_cuda_shared_memory_status(), [])
        await client.unregister_system_shared_memory()
        await client.unregister_cuda_shared_memory()
        await client.unload_model("copy_UINT8")
        self.assertFalse(await client.is_model_ready("copy_UINT8"))
        await client.load_model("copy_UINT8")
        self.assertTrue(await client.is_model_ready("copy_UINT8"))
        await self.assertRefused(404, "no model", client.get_model_metadata("unknown"))
        await self.assertRefused(400, "tracing", client.update_trace_settings(settings={"trace_count": 5}))
        await self.assertRefused(400, "log_file", client.update_log_settings({"log_file": "/tmp/log"}))
        await self.assertRefused(400, "shared memory", client.register_system_shared_memory("r", "/k", 64))

    async def test_every_way_to_send_and_to_receive(self):
        for binary in (True, False):
            for request in CODINGS:
                for response in CODINGS:
                    result = await self.client.infer(
                        "digits",
                        [digit(binary)],
                        outputs=[wanted(binary)],
                        request_compression_algorithm=request,
                        response_compression_algorithm=response,
                    )
                    self.assertEqual(result.as_numpy("probabilities").argmax(), 2)

    async def test_many_at_once(self):
        results = await asyncio.gather(*(self.client.infer("digits", [digit(rows=1 + n % 3)]) for n in range(64)))
        for n, result in enumerate(results):
            self.assertEqual(result.as_numpy("probabilities").argmax(axis=1).tolist(), [2] * (1 + n % 3))

    async def test_refusals(self):
        await self.assertRefused(404, "no model", self.client.infer("unknown", [digit()]))
        await self.assertRefused(
            400, "no output", self.client.infer("digits", [digit()], outputs=[triton.InferRequestedOutput("none")])
        )
