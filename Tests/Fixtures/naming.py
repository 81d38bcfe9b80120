"""Names for nodes that OpenVINO names by a counter of its process, so that a script writes the same file every time."""


def name_by_place(model):
    """Names every nameless node by its type and its place in the model."""
    for place, node in enumerate(model.get_ordered_ops()):
        kind = node.get_type_name()
        if kind in ("Constant", "Convert", "Result") or node.get_friendly_name().startswith(kind + "_"):
            node.set_friendly_name(f"{kind.lower()}_{place}")
