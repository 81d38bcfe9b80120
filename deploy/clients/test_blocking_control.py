"""tritonclient.http: health, metadata, statistics, the repository, settings."""

import json

import numpy as np
import tritonclient.http as triton

from .blocking import BlockingCase
from .tensors import NUMPY_TYPES, digit


class BlockingControl(BlockingCase):
    def test_health(self):
        self.assertTrue(self.client.is_server_live())
        self.assertTrue(self.client.is_server_ready())
        self.assertTrue(self.client.is_model_ready("digits"))
        self.assertTrue(self.client.is_model_ready("digits", "1"))
        self.assertFalse(self.client.is_model_ready("digits", "7"))
        self.assertFalse(self.client.is_model_ready("unknown"))
        self.assertFalse(self.client.is_model_ready("a b/c"))

    def test_server_metadata(self):
        metadata = self.client.get_server_metadata()
        self.assertEqual(metadata["name"], "octet")
        for extension in ("binary_tensor_data", "classification", "model_configuration", "statistics"):
            self.assertIn(extension, metadata["extensions"])
        self.assertNotIn("system_shared_memory", metadata["extensions"])

    def test_model_metadata(self):
        for metadata in (self.client.get_model_metadata("digits"), self.client.get_model_metadata("digits", "1")):
            self.assertEqual((metadata["name"], metadata["versions"]), ("digits", ["1"]))
            self.assertEqual(metadata["inputs"], [{"name": "image", "datatype": "FP32", "shape": [-1, 1, 8, 8]}])
            self.assertEqual(metadata["outputs"][0]["name"], "probabilities")
        types = {port["name"]: port["datatype"] for port in self.client.get_model_metadata("copies")["inputs"]}
        self.assertEqual(types, {name: name for name in NUMPY_TYPES})
        self.assertRefused(404, "no model 'unknown'", self.client.get_model_metadata, "unknown")
        self.assertRefused(404, "no version 2", self.client.get_model_metadata, "digits", "2")

    def test_model_configuration(self):
        configuration = self.client.get_model_config("digits")
        self.assertEqual(configuration["max_batch_size"], 8)
        self.assertEqual(configuration["input"][0]["data_type"], "TYPE_FP32")
        self.assertEqual(configuration["input"][0]["dims"], [1, 8, 8])
        self.assertEqual(configuration["output"][0]["dims"], [10])
        self.assertRefused(404, "no model", self.client.get_model_config, "unknown", "1")

    def test_statistics_grow_with_requests(self):
        def success(statistics):
            return statistics["model_stats"][0]["inference_stats"]["success"]["count"]

        before = success(self.client.get_inference_statistics("digits"))
        self.client.infer("digits", [digit(rows=3)])
        after = self.client.get_inference_statistics("digits", "1")
        self.assertEqual(success(after), before + 1)
        batches = {batch["batch_size"]: batch for batch in after["model_stats"][0]["batch_stats"]}
        self.assertGreater(batches[3]["compute_infer"]["ns"], 0)
        names = [model["name"] for model in self.client.get_inference_statistics()["model_stats"]]
        self.assertIn("copies", names)

    def test_repository_index(self):
        index = self.client.get_model_repository_index()
        self.assertIn({"name": "digits", "version": "1", "state": "READY", "reason": ""}, index)

    def test_versions(self):
        self.assertEqual(self.client.get_model_metadata("versioned")["versions"], ["2", "10"])
        for version, width in (("2", 2), ("10", 10), ("", 10)):
            tensor = triton.InferInput("INT32", [1, width], "INT32")
            tensor.set_data_from_numpy(np.arange(width, dtype=np.int32).reshape(1, width))
            result = self.client.infer("versioned", [tensor], model_version=version)
            self.assertEqual(result.get_response()["model_version"], version or "10")
            self.assertEqual(result.as_numpy("INT32").tolist(), [list(range(width))])
        self.assertFalse(self.client.is_model_ready("versioned", "1"))
        states = [(model["version"], model["state"]) for model in self.client.get_model_repository_index()
                  if model["name"] == "versioned"]
        self.assertEqual(states, [("2", "READY"), ("10", "READY")])

    def test_models_come_and_go(self):
        name = "copy_INT8"
        tensor = triton.InferInput("INT8", [1, 3], "INT8")
        tensor.set_data_from_numpy(np.array([[1, 2, 3]], np.int8))
        self.client.unload_model(name)
        self.assertFalse(self.client.is_model_ready(name))
        self.assertTrue(self.client.is_server_ready())
        self.assertRefused(503, "not loaded", self.client.infer, name, [tensor])
        states = {model["name"]: model["state"] for model in self.client.get_model_repository_index()}
        self.assertEqual((states[name], states["digits"]), ("UNAVAILABLE", "READY"))
        self.client.load_model(name)
        self.assertTrue(self.client.is_model_ready(name))
        np.testing.assert_array_equal(self.client.infer(name, [tensor]).as_numpy("INT8"), [[1, 2, 3]])
        self.assertRefused(404, "no model", self.client.load_model, "unknown")
        self.assertRefused(404, "no model", self.client.unload_model, "unknown")
        self.assertRefused(400, "own files", self.client.load_model, name, config="{}", files={"file:1/a": b"a"})

    def test_models_are_loaded_with_another_configuration(self):
        before = self.client.get_model_config("copy_INT16")
        changed = before | {"max_batch_size": 3}
        self.client.load_model("copy_INT16", config=json.dumps(changed))
        self.assertEqual(self.client.get_model_config("copy_INT16"), changed)
        tensor = triton.InferInput("INT16", [1, 3], "INT16")
        tensor.set_data_from_numpy(np.array([[1, 2, 3]], np.int16))
        np.testing.assert_array_equal(self.client.infer("copy_INT16", [tensor]).as_numpy("INT16"), [[1, 2, 3]])
        self.assertRefused(400, "config.input", self.client.load_model, "copy_INT16", config='{"input": []}')
        self.client.load_model("copy_INT16")
        self.assertEqual(self.client.get_model_config("copy_INT16"), before)

    def test_version_policies(self):
        self.assertEqual(self.client.get_model_config("digits")["version_policy"], {"latest": {"num_versions": 1}})
        self.assertEqual(self.client.get_model_config("versioned")["version_policy"], {"latest": {"num_versions": 2}})
        self.client.load_model("versioned", config='{"version_policy": {"specific": {"versions": [2, 1, 10]}}}')
        self.assertEqual(self.client.get_model_metadata("versioned")["versions"], ["1", "2", "10"])
        self.client.load_model("versioned")
        self.assertEqual(self.client.get_model_metadata("versioned")["versions"], ["2", "10"])

    def test_settings(self):
        self.assertEqual(self.client.get_trace_settings()["trace_level"], ["OFF"])
        self.assertEqual(self.client.get_trace_settings("digits")["trace_level"], ["OFF"])
        self.assertEqual(self.client.update_trace_settings(settings={"trace_rate": None})["trace_level"], ["OFF"])
        self.assertRefused(
            400, "tracing is not supported", self.client.update_trace_settings, "digits", {"trace_level": ["TIMESTAMPS"]}
        )
        settings = self.client.get_log_settings()
        self.assertEqual(settings["log_error"], True)
        self.assertEqual(self.client.update_log_settings({"log_error": True}), settings)
        self.assertEqual(self.client.update_log_settings({"log_verbose_level": 1})["log_verbose_level"], 1)
        self.assertEqual(self.client.get_log_settings()["log_verbose_level"], 1)
        quiet = self.client.update_log_settings({"log_verbose_level": 0, "log_info": False})
        self.assertEqual((quiet["log_info"], quiet["log_warning"]), (False, True))
        self.assertEqual(self.client.update_log_settings({"log_info": True}), settings)
        self.assertRefused(400, "log_file", self.client.update_log_settings, {"log_file": "/tmp/log"})

    def test_shared_memory_is_not_there(self):
        self.assertEqual(self.client.get_system_shared_memory_status(), [])
        self.assertEqual(self.client.get_cuda_shared_memory_status(), [])
        self.client.unregister_system_shared_memory()
        self.client.unregister_cuda_shared_memory()
        self.assertRefused(
            400, "shared memory", self.client.register_system_shared_memory, "region", "/key", 64
        )
        self.assertRefused(
            400, "shared memory", self.client.register_cuda_shared_memory, "region", b"handle", 0, 64
        )
        tensor = triton.InferInput("image", [1, 1, 8, 8], "FP32")
        tensor.set_shared_memory("region", 256)
        self.assertRefused(400, "shared memory", self.client.infer, "digits", [tensor])
        output = triton.InferRequestedOutput("probabilities")
        output.set_shared_memory("region", 40)
        self.assertRefused(400, "shared memory", self.client.infer, "digits", [digit()], outputs=[output])
