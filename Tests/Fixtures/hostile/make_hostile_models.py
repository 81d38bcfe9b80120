#!/usr/bin/env python3
"""Writes OpenVINO IRs that are wrong in one place each, to be refused by a sentence that names the place.

    make_hostile_models.py

Each is `valid.xml` with one edit. hostile.json lists them:

    name     NAME.xml and, unless it is what is missing, NAME.bin
    names    what the error must contain: the layer, port, attribute or number to look at
    note     what is wrong, for people
    repeat   in files too large to keep: what the test puts in place of @REPEAT@, and how often

Needs nothing but Python.
"""

import json
import pathlib
import struct

HERE = pathlib.Path(__file__).resolve().parent

# x → FakeQuantize → 1×1 convolution of 4 to 8 channels → ReLU → y
VALID = """<?xml version="1.0"?>
<net name="valid" version="11">
  <layers>
    <layer id="0" name="x" type="Parameter" version="opset1">
      <data shape="1,4,5,5" element_type="f32"/>
      <output><port id="0" precision="FP32" names="x"><dim>1</dim><dim>4</dim><dim>5</dim><dim>5</dim></port></output>
    </layer>
    <layer id="1" name="low" type="Const" version="opset1">
      <data element_type="f32" shape="" offset="128" size="4"/>
      <output><port id="0" precision="FP32"/></output>
    </layer>
    <layer id="2" name="high" type="Const" version="opset1">
      <data element_type="f32" shape="" offset="132" size="4"/>
      <output><port id="0" precision="FP32"/></output>
    </layer>
    <layer id="3" name="quantize" type="FakeQuantize" version="opset1">
      <data levels="256" auto_broadcast="numpy"/>
      <input>
        <port id="0" precision="FP32"><dim>1</dim><dim>4</dim><dim>5</dim><dim>5</dim></port>
        <port id="1" precision="FP32"/>
        <port id="2" precision="FP32"/>
        <port id="3" precision="FP32"/>
        <port id="4" precision="FP32"/>
      </input>
      <output><port id="5" precision="FP32"><dim>1</dim><dim>4</dim><dim>5</dim><dim>5</dim></port></output>
    </layer>
    <layer id="4" name="weights" type="Const" version="opset1">
      <data element_type="f32" shape="8, 4, 1, 1" offset="0" size="128"/>
      <output><port id="0" precision="FP32"><dim>8</dim><dim>4</dim><dim>1</dim><dim>1</dim></port></output>
    </layer>
    <layer id="5" name="conv" type="Convolution" version="opset1">
      <data strides="1, 1" dilations="1, 1" pads_begin="0, 0" pads_end="0, 0" auto_pad="explicit"/>
      <input>
        <port id="0" precision="FP32"><dim>1</dim><dim>4</dim><dim>5</dim><dim>5</dim></port>
        <port id="1" precision="FP32"><dim>8</dim><dim>4</dim><dim>1</dim><dim>1</dim></port>
      </input>
      <output><port id="2" precision="FP32"><dim>1</dim><dim>8</dim><dim>5</dim><dim>5</dim></port></output>
    </layer>
    <layer id="6" name="relu" type="ReLU" version="opset1">
      <input><port id="0" precision="FP32"><dim>1</dim><dim>8</dim><dim>5</dim><dim>5</dim></port></input>
      <output><port id="1" precision="FP32" names="y"><dim>1</dim><dim>8</dim><dim>5</dim><dim>5</dim></port></output>
    </layer>
    <layer id="7" name="result" type="Result" version="opset1">
      <input><port id="0" precision="FP32"><dim>1</dim><dim>8</dim><dim>5</dim><dim>5</dim></port></input>
    </layer>
  </layers>
  <edges>
    <edge from-layer="0" from-port="0" to-layer="3" to-port="0"/>
    <edge from-layer="1" from-port="0" to-layer="3" to-port="1"/>
    <edge from-layer="2" from-port="0" to-layer="3" to-port="2"/>
    <edge from-layer="1" from-port="0" to-layer="3" to-port="3"/>
    <edge from-layer="2" from-port="0" to-layer="3" to-port="4"/>
    <edge from-layer="3" from-port="5" to-layer="5" to-port="0"/>
    <edge from-layer="4" from-port="0" to-layer="5" to-port="1"/>
    <edge from-layer="5" from-port="2" to-layer="6" to-port="0"/>
    <edge from-layer="6" from-port="1" to-layer="7" to-port="0"/>
  </edges>
</net>
"""
WEIGHTS = struct.pack("<34f", *(0.01 * i for i in range(32)), 0.0, 2.55)

WEIGHTS_DATA = 'element_type="f32" shape="8, 4, 1, 1" offset="0" size="128"'
WEIGHTS_EDGE = '    <edge from-layer="4" from-port="0" to-layer="5" to-port="1"/>\n'
WEIGHTS_PORT = (
    '        <port id="1" precision="FP32"><dim>8</dim><dim>4</dim><dim>1</dim><dim>1</dim></port>\n      </input>'
)
LAUGHS = "".join(f'<!ENTITY laugh{i} "{f"&laugh{i - 1};" * 10}">' for i in range(1, 10))
QUINTILLION = 2**60

index = []


def hostile(name, names, note, *edits, weights=WEIGHTS, xml=None, repeat=None):
    """Writes one model: VALID with the edits, each of a text that occurs exactly once, or the given bytes."""
    text = VALID
    for old, new in edits:
        assert text.count(old) == 1, f"{name}: {old!r} occurs {text.count(old)} times"
        text = text.replace(old, new)
    (HERE / f"{name}.xml").write_bytes(text.encode() if xml is None else xml)
    if weights is not None:
        (HERE / f"{name}.bin").write_bytes(weights)
    index.append({"name": name, "names": names, "note": note} | ({"repeat": repeat} if repeat else {}))


def shaped(shape, size=128):
    return (WEIGHTS_DATA, f'element_type="f32" shape="{shape}" offset="0" size="{size}"')


def placed(offset, size=128):
    return (WEIGHTS_DATA, f'element_type="f32" shape="8, 4, 1, 1" offset="{offset}" size="{size}"')


# MARK: - Not an IR

hostile("empty", ["empty.xml"], "The file has no bytes.", xml=b"")
hostile("not_xml", ["not_xml.xml", "1"], "The file is JSON.", xml=b'{"net": {"layers": []}}\n')
hostile(
    "not_utf8",
    ["not_utf8.xml", "4"],
    "A name is not UTF-8.",
    xml=VALID.replace('"x"', '"\0"', 1).encode().replace(b"\0", b"\xff\xfe"),
)
hostile(
    "truncated_xml", ["truncated_xml.xml"], "The file ends inside an element.", xml=VALID[: len(VALID) // 2].encode()
)
hostile(
    "other_root",
    ["net", "model"],
    "The root element is <model>.",
    ('<net name="valid" version="11">', '<model name="valid">'),
    ("</net>", "</model>"),
)
hostile("format_version", ["version", "99"], "A format version that does not exist.", ('version="11"', 'version="99"'))

# MARK: - XML that attacks its reader

hostile(
    "doctype",
    ["DOCTYPE"],
    "A document type that would read a file of the machine.",
    ("<net ", '<!DOCTYPE net SYSTEM "file:///etc/passwd">\n<net '),
)
hostile(
    "entity_expansion",
    ["DOCTYPE"],
    "A billion laughs: entities that expand to 10⁹ copies.",
    ("<net ", f'<!DOCTYPE net [<!ENTITY laugh0 "ha">{LAUGHS}]>\n<net '),
    ('name="conv"', 'name="&laugh9;"'),
)
hostile(
    "deep_nesting",
    ["layers"],
    "100,000 elements inside each other.",
    ("  <layers>\n", "  @REPEAT@\n"),
    repeat={"text": "<layers>", "times": 100_000},
)
hostile(
    "huge_attribute",
    ["name"],
    "A layer name of 10 MB.",
    ('name="conv"', 'name="@REPEAT@"'),
    repeat={"text": "a", "times": 10 << 20},
)

# MARK: - Weights

hostile("missing_weights", ["missing_weights.bin"], "There is no .bin beside the .xml.", weights=None)
hostile(
    "truncated_weights", ["weights", "128", "100"], "The .bin is shorter than the constants.", weights=WEIGHTS[:100]
)
hostile("weights_past_end", ["weights", "4096", "136"], "A constant begins behind the end of the .bin.", placed(4096))
hostile("weights_offset_overflow", ["weights", str(2**63 - 1)], "Offset plus size overflows.", placed(2**63 - 1))
hostile("weights_offset_negative", ["weights", "offset", "-4"], "A negative offset.", placed(-4))
hostile("weights_size_mismatch", ["weights", "128", "64"], "The size is not what the shape needs.", placed(0, size=64))

# MARK: - Shapes and types

hostile(
    "shape_product_overflow",
    ["weights", str(2**32)],
    "The element count overflows.",
    shaped(", ".join([str(2**32)] * 4)),
)
hostile(
    "shape_bytes_overflow",
    ["weights", str(2**62)],
    "The element count fits, the byte count overflows.",
    shaped(f"{2**62}, 1, 1, 1"),
)
hostile("dimension_negative", ["weights", "-8"], "A constant has a negative dimension.", shaped("-8, 4, 1, 1"))
hostile(
    "dimension_too_large",
    ["weights", "9223372036854775808"],
    "A dimension does not fit 64 bits.",
    shaped("9223372036854775808, 4, 1, 1"),
)
hostile("dimension_not_a_number", ["weights", "four"], "A dimension is a word.", shaped("8, four, 1, 1"))
hostile(
    "input_overflow",
    ["x", str(QUINTILLION)],
    "The input has more elements than can be counted.",
    ('shape="1,4,5,5"', f'shape="{QUINTILLION},4,{QUINTILLION},5"'),
)
hostile(
    "element_type_unknown",
    ["weights", "f7"],
    "No such element type.",
    (WEIGHTS_DATA, WEIGHTS_DATA.replace("f32", "f7")),
)
hostile(
    "element_type_string",
    ["weights", "string"],
    "A constant of strings.",
    (WEIGHTS_DATA, WEIGHTS_DATA.replace("f32", "string")),
)

# MARK: - Layers and edges

hostile("layer_id_twice", ["6"], "Two layers have the id 6.", ('<layer id="7"', '<layer id="6"'))
hostile("layer_id_missing", ["relu", "id"], "A layer has no id.", ('<layer id="6" name="relu"', '<layer name="relu"'))
hostile("operator_unknown", ["relu", "Frobnicate"], "No such operator.", ('type="ReLU"', 'type="Frobnicate"'))
hostile(
    "cycle",
    ["conv", "relu"],
    "The convolution waits for the ReLU, which waits for the convolution.",
    (
        '<edge from-layer="3" from-port="5" to-layer="5" to-port="0"/>',
        '<edge from-layer="6" from-port="1" to-layer="5" to-port="0"/>',
    ),
)
hostile(
    "cycle_of_one",
    ["relu"],
    "The ReLU waits for itself.",
    (
        '<edge from-layer="5" from-port="2" to-layer="6" to-port="0"/>',
        '<edge from-layer="6" from-port="1" to-layer="6" to-port="0"/>',
    ),
)
hostile(
    "edge_to_missing_port",
    ["conv", "7"],
    "An edge leads to port 7 of a layer with ports 0 and 1.",
    ('to-layer="5" to-port="1"', 'to-layer="5" to-port="7"'),
)
hostile(
    "edge_from_missing_port",
    ["weights", "9"],
    "An edge comes from port 9 of a layer with port 0.",
    ('from-layer="4" from-port="0"', 'from-layer="4" from-port="9"'),
)
hostile(
    "edge_from_missing_layer",
    ["99"],
    "An edge comes from a layer that does not exist.",
    ('from-layer="4"', 'from-layer="99"'),
)
hostile(
    "edge_not_a_number",
    ["to-layer", "five"],
    "An edge leads to a word.",
    (WEIGHTS_EDGE, WEIGHTS_EDGE.replace('to-layer="5"', 'to-layer="five"')),
)
hostile("input_unconnected", ["conv", "1"], "No edge leads to port 1.", (WEIGHTS_EDGE, ""))
hostile(
    "input_connected_twice",
    ["conv", "1"],
    "Two edges lead to port 1.",
    (WEIGHTS_EDGE, WEIGHTS_EDGE + WEIGHTS_EDGE.replace('from-layer="4"', 'from-layer="1"')),
)
hostile(
    "no_result",
    ["Result"],
    "The model computes nothing.",
    ('type="Result"', 'type="ReLU"'),
)

# MARK: - Operators

hostile(
    "input_count",
    ["conv", "2", "1"],
    "A convolution of one input.",
    (WEIGHTS_EDGE, ""),
    (WEIGHTS_PORT, "      </input>"),
)
hostile(
    "channel_mismatch",
    ["conv", "5", "4"],
    "Weights for 5 input channels, data of 4.",
    shaped("8, 5, 1, 1", size=160),
    ('offset="128"', 'offset="160"'),
    ('offset="132"', 'offset="164"'),
    weights=WEIGHTS[:128] + bytes(32) + WEIGHTS[128:],
)
hostile("rank_mismatch", ["conv"], "Weights of rank 3 for data of rank 4.", shaped("8, 4, 1"))
hostile("attribute_missing", ["conv", "strides"], "A convolution without strides.", (' strides="1, 1"', ""))
hostile(
    "attribute_not_a_number", ["conv", "strides", "one"], "A stride is a word.", ('strides="1, 1"', 'strides="1, one"')
)
hostile("stride_zero", ["conv", "strides", "0"], "A stride of zero.", ('strides="1, 1"', 'strides="0, 0"'))
hostile(
    "dilation_overflow",
    ["conv", "dilations"],
    "The window's extent overflows.",
    shaped("8, 1, 2, 2"),
    ('shape="1,4,5,5"', 'shape="1,1,5,5"'),
    ('dilations="1, 1"', f'dilations="{2**63 - 1}, {2**63 - 1}"'),
)
hostile(
    "padding_overflow",
    ["conv", "pads"],
    "The padded size overflows.",
    ('pads_begin="0, 0"', f'pads_begin="{2**63 - 1}, {2**63 - 1}"'),
)
hostile(
    "window_larger_than_data",
    ["conv"],
    "A window of 9×9 over data of 5×5 without padding.",
    (WEIGHTS_DATA, 'element_type="f32" shape="1, 4, 9, 9" offset="0" size="1296"'),
    ('offset="128"', 'offset="1296"'),
    ('offset="132"', 'offset="1300"'),
    weights=bytes(1296) + WEIGHTS[128:],
)
hostile("levels_one", ["quantize", "levels", "1"], "A FakeQuantize of one level.", ('levels="256"', 'levels="1"'))
hostile(
    "levels_negative", ["quantize", "levels", "-256"], "A negative number of levels.", ('levels="256"', 'levels="-256"')
)
hostile(
    "range_not_a_number",
    ["quantize"],
    "A FakeQuantize whose input range ends at NaN.",
    weights=WEIGHTS[:132] + struct.pack("<f", float("nan")),
)
hostile(
    "range_infinite",
    ["quantize"],
    "A FakeQuantize whose input range ends at infinity.",
    weights=WEIGHTS[:132] + struct.pack("<f", float("inf")),
)

(HERE / "valid.xml").write_text(VALID)
(HERE / "valid.bin").write_bytes(WEIGHTS)
(HERE / "hostile.json").write_text(json.dumps(index, indent=1, ensure_ascii=False) + "\n")
print(f"{len(index)} hostile models")
