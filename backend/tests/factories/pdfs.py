"""Small PDFs made in memory."""

FONT = "/Resources<</Font<</F1 3 0 R>>>>"


def pdf(*pages: str) -> bytes:
    """A PDF with one line of text on each of its pages, which must be Latin and without parentheses."""
    objects = [
        "<</Type/Catalog/Pages 2 0 R>>",
        f"<</Type/Pages/Count {len(pages)}/Kids[{' '.join(f'{4 + 2 * n} 0 R' for n in range(len(pages)))}]>>",
        "<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
    ]
    for n, text in enumerate(pages):
        content = f"BT /F1 24 Tf 40 700 Td ({text}) Tj ET"
        objects += [
            f"<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Contents {5 + 2 * n} 0 R{FONT}>>",
            f"<</Length {len(content)}>>stream\n{content}\nendstream",
        ]
    return written(objects)


def written(objects: list[str]) -> bytes:
    """A PDF of these objects, numbered from 1; the first one is the catalog."""
    out = b"%PDF-1.4\n"
    offsets = []
    for number, body in enumerate(objects, start=1):
        offsets.append(len(out))
        out += f"{number} 0 obj{body}endobj\n".encode("latin-1")
    table = "".join(f"{offset:010d} 00000 n \n" for offset in offsets)
    end = f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n{table}trailer<</Root 1 0 R/Size {len(objects) + 1}>>\n"
    return out + f"{end}startxref\n{len(out)}\n%%EOF".encode("latin-1")
