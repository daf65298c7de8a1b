#!/usr/bin/env python3
"""crisp's readers beside Pillow: pictures.py SHOW_PICTURE. Makes some hundred files of all kinds, and compares every sample.
pictures.py --files FOLDER makes the files alone, such as seeds for the fuzzer.
Exits with 77 (skipped) where Pillow is not installed: apt-get install python3-pil."""
import io, random, struct, subprocess, sys, tempfile, zlib
from pathlib import Path

try:
    from PIL import Image, ImageOps, features
except ImportError:
    print("skipped: Pillow is not installed"); sys.exit(77)

random.seed(1)
Image.MAX_IMAGE_PIXELS = None


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def filtered(rows, step):  # each row by one of the five filters, at random
    before, out = bytes(len(rows[0])) if rows else b"", bytearray()
    for row in rows:
        kind = random.randrange(5)
        out.append(kind)
        for i, v in enumerate(row):
            a, b, c = (row[i - step] if i >= step else 0), before[i], (before[i - step] if i >= step else 0)
            p = a + b - c
            paeth = min((a, b, c), key=lambda q: abs(p - q))
            out.append((v - [0, a, b, (a + b) // 2, paeth][kind]) & 255)
        before = row
    return bytes(out)


def png(width, height, depth, kind, interlaced, transparent):
    samples = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}[kind]
    most = (1 << depth) - 1
    pixels = [[[random.randint(0, most) for _ in range(samples)] for _ in range(width)] for _ in range(height)]

    def packed(line):
        bits = "".join(format(v, f"0{depth}b") for pixel in line for v in pixel)
        bits += "0" * (-len(bits) % 8)
        return bytes(int(bits[i:i + 8], 2) for i in range(0, len(bits), 8))

    passes = [(0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4), (2, 0, 4, 2), (0, 1, 2, 2), (1, 0, 2, 1)]
    stream = b""
    for top, left, down, right in passes if interlaced else [(0, 0, 1, 1)]:
        rows = [packed(line[left::right]) for line in pixels[top::down] if line[left::right]]
        stream += filtered(rows, max(1, samples * depth // 8))
    file = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, kind, 0, 0, interlaced))
    if kind == 3: file += chunk(b"PLTE", bytes(random.randrange(256) for _ in range(3 * (most + 1))))
    if transparent:
        first = pixels[0][0]
        key = bytes(random.randrange(256) for _ in range(random.randint(1, most + 1))) if kind == 3 else struct.pack(f">{len(first)}H", *first)
        file += chunk(b"tRNS", key)
    return file + chunk(b"IDAT", zlib.compress(stream)) + chunk(b"IEND", b"")


def picture(mode, width, height, smooth=False):
    if not smooth: return Image.frombytes("RGBA", (width, height), bytes(random.randrange(256) for _ in range(width * height * 4))).convert(mode)
    small = Image.frombytes("RGB", (4, 4), bytes(random.randrange(256) for _ in range(48)))
    return small.resize((width, height), Image.BICUBIC).convert(mode)


def saved(image, kind, **options):
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def without_adobe(jpeg):
    at = jpeg.index(b"\xff\xee")
    return jpeg[:at] + jpeg[at + 2 + struct.unpack(">H", jpeg[at + 2:at + 4])[0]:]


def files():
    for kind, depths in {0: (1, 2, 4, 8, 16), 2: (8, 16), 3: (1, 2, 4, 8), 4: (8, 16), 6: (8, 16)}.items():
        for depth in depths:
            for interlaced in (0, 1):
                for transparent in ((False, True) if kind in (0, 2, 3) else (False,)):
                    for size in ((1, 1), (3, 7), (33, 10)):
                        yield f"png_{kind}_{depth}_{interlaced}_{int(transparent)}_{size[0]}.png", png(*size, depth, kind, interlaced, transparent)
    for mode in ("L", "RGB", "CMYK"):
        for progressive in (False, True):
            for subsampling in ((0, 1, 2) if mode == "RGB" else (0,)):
                for width, height in ((1, 1), (17, 9), (64, 50)):
                    data = saved(picture(mode, width, height, True), "JPEG", quality=90, progressive=progressive, subsampling=subsampling)
                    yield f"jpeg_{mode}_{int(progressive)}_{subsampling}_{width}.jpg", data
                    if mode == "CMYK": yield f"jpeg_plain_{mode}_{int(progressive)}_{width}.jpg", without_adobe(data)
    for blocks in (1, 3):
        try: yield f"jpeg_restart_{blocks}.jpg", saved(picture("RGB", 40, 30, True), "JPEG", restart_marker_blocks=blocks)
        except TypeError: pass
    for orientation in range(1, 9):
        exif = Image.Exif()
        exif[274] = orientation
        yield f"exif_{orientation}.jpg", saved(picture("RGB", 20, 11, True), "JPEG", exif=exif)
        yield f"exif_{orientation}.png", saved(picture("RGB", 20, 11), "PNG", exif=exif)
        if features.check("webp"): yield f"exif_{orientation}.webp", saved(picture("RGB", 20, 11), "WEBP", exif=exif, lossless=True)
    for mode in ("1", "L", "P", "RGB", "RGBA"):
        for size in ((1, 1), (5, 4), (31, 12)):
            yield f"bmp_{mode}_{size[0]}.bmp", saved(picture(mode, *size), "BMP")
    for bits, masks in ((16, None), (16, (0xf800, 0x7e0, 0x1f)), (32, None), (32, (0xff0000, 0xff00, 0xff))):
        for height in (6, -6):
            line = (7 * bits // 8 + 3) // 4 * 4
            info = struct.pack("<IiiHHIIiiII", 40, 7, height, 1, bits, 3 if masks else 0, 6 * line, 0, 0, 0, 0) + (struct.pack("<III", *masks) if masks else b"")
            data = struct.pack("<IHHI", 14 + len(info) + 6 * line, 0, 0, 14 + len(info)) + info + bytes(random.randrange(256) for _ in range(6 * line))
            yield f"bmp_{bits}_{int(bool(masks))}_{height}.bmp", b"BM" + data
    if features.check("webp"):
        for mode in ("RGB", "RGBA"):
            for lossless in (False, True):
                for size in ((1, 1), (30, 17)):
                    yield f"webp_{mode}_{int(lossless)}_{size[0]}.webp", saved(picture(mode, *size, True), "WEBP", lossless=lossless)
    for mode in ("1", "L", "P", "RGB", "RGBA", "I;16"):
        for compression in ("raw", "tiff_lzw", "tiff_adobe_deflate", "packbits"):
            image = picture("L", 19, 8).convert("I").point(lambda v: v * 201).convert("I;16") if mode == "I;16" else picture(mode, 19, 8)
            yield f"tiff_{mode.replace(';', '')}_{compression}.tif", saved(image, "TIFF", compression=compression)
    for orientation in range(1, 9):
        yield f"tiff_turned_{orientation}.tif", saved(picture("RGB", 9, 5), "TIFF", tiffinfo={274: orientation})


def by_pillow(path):
    image = Image.open(path)
    image.load()
    if image.format != "TIFF": image = ImageOps.exif_transpose(image)  # TIFF is turned on loading
    if image.mode.startswith("I"): return 1, 16, list(image.convert("I").getdata())
    if image.mode == "P": image = image.convert("RGBA" if "transparency" in image.info else "RGB")
    elif image.mode == "RGB" and "transparency" in image.info: image = image.convert("RGBA")
    elif image.mode == "1": image = image.convert("L")
    elif image.mode in ("CMYK", "RGBX"): image = image.convert("RGB")
    return len(image.getbands()), 8, list(image.tobytes())


def without_last(samples, channels):
    return [v for i, v in enumerate(samples) if i % channels < channels - 1]


def compare(path, readers):
    raw = Path(f"{path}.{readers}").read_bytes()
    line, _, data = raw.partition(b"\n")
    if line.startswith(b"error"): return line.decode()
    height, width, channels, bits = map(int, line.split())
    ours = struct.unpack(f"<{len(data) // 2}H", data)
    of_pillow, their_bits, theirs = by_pillow(path)
    if bits == 16 and their_bits == 8: ours = [v >> 8 for v in ours]  # Pillow has colours of 8 bits alone
    if channels == 3 and of_pillow == 1: ours = ours[::3]  # a gray palette
    elif channels == 2 and of_pillow == 1: ours = ours[::2]  # Pillow leaves a gray key to the caller
    elif channels == 2 and of_pillow == 4: theirs = [v for i, v in enumerate(theirs) if i % 4 in (0, 3)]  # 16 bits with alpha
    elif channels == 4 and of_pillow == 4 and path.name.startswith("png_2_16"):  # Pillow compares 8 of a key's 16 bits
        ours, theirs = without_last(ours, 4), without_last(theirs, 4)
    elif channels != of_pillow: return f"{channels} channels, not {of_pillow}"
    if len(ours) != len(theirs): return f"{len(ours)} samples, not {len(theirs)}"
    most = max((abs(a - b) for a, b in zip(ours, theirs)), default=0)
    mean = sum(abs(a - b) for a, b in zip(ours, theirs)) / max(1, len(ours))
    lossy = path.suffix == ".jpg" and readers == "core"  # stb's inverse DCT and its chroma differ from libjpeg's
    allowed = 16 if lossy else 0
    return "" if most <= allowed and mean <= 0.7 else f"samples differ by up to {most}, {mean:.3f} in the mean"


if sys.argv[1] == "--files":
    for name, data in files():
        if len(data) <= 4096: (Path(sys.argv[2]) / name).write_bytes(data)
    sys.exit(0)

show = str(Path(sys.argv[1]).resolve())
with tempfile.TemporaryDirectory() as folder:
    paths = []
    for name, data in files():
        path = Path(folder) / name
        path.write_bytes(data)
        paths.append(path)
    failures = 0
    for readers in ("core", "libraries"):
        mine = [p for p in paths if readers == "libraries" or p.suffix in (".png", ".jpg", ".bmp")]
        subprocess.run([show, readers, *map(str, mine)], check=True)
        for path in mine:
            try: wrong = compare(path, readers)
            except Exception as e: wrong = f"Pillow: {e}"
            if wrong:
                failures += 1
                print(f"{path.name} by {readers}: {wrong}")
        print(f"{len(mine)} files read by {readers}")
sys.exit(1 if failures else 0)
