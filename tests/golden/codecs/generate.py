"""Short tones in every format that is read, and what ffmpeg decodes of them; of mp3 mpg123, of Vorbis libvorbis' own oggdec.

    python tests/golden/codecs/generate.py

Needs ffmpeg with libmp3lame, libopus and libvorbis, lame 3.100, oggenc, oggdec, mpg123 and sox on the PATH, and nothing but Python's
own library. The sound is a sweep with bursts of noise, in a second channel a tone with bursts of half the level.

NAME.npy has every eighth sample that they decode, the mean of the channels in steps of 16 bits (int16). cases.tsv has a line for
each file: its rate, its channels, how many samples were encoded, and how many were decoded. What ffmpeg has more is what an
encoder filled its last packet with; of AAC in CAF it plays what came before the first sample too, which is cut off here. Its
decoder of mp3 is not the reference because it has other bands than the standard at 24 kHz (38.9 dB apart from mpg123).
Files in refused/ are of codecs that are not read.
"""

import array
import math
import random
import shutil
import struct
import subprocess
import tempfile
import wave
from pathlib import Path

HERE = Path(__file__).parent
STEP = 8


def sound(rate, channels, seconds, path):
    n, noise, frames = round(rate * seconds), random.Random(1), []
    top = min(7000, 0.4 * rate)
    for i in range(n):
        t = i / rate
        sweep = 0.35 * math.sin(2 * math.pi * (100 * t + (top - 100) * t * t / (2 * seconds)))
        burst = 0.3 * noise.uniform(-1, 1) if int(t * 20) % 5 == 2 else 0.0
        tone = 0.25 * math.sin(2 * math.pi * 440 * t + 1)
        frames += [round(32767 * x) for x in [sweep + burst, tone + burst / 2][:channels]]
    with wave.open(str(path), "wb") as out:
        out.setnchannels(channels)
        out.setsampwidth(2)
        out.setframerate(rate)
        out.writeframes(struct.pack(f"<{len(frames)}h", *frames))
    return n


def run(*command):
    return subprocess.run([str(c) for c in command], check=True, capture_output=True).stdout


def ffmpeg(source, target, *options):
    run("ffmpeg", "-v", "error", "-y", "-i", source, *options, "-map_metadata", "-1", "-bitexact", target)


def npy(path, values):
    shape = f"{{'descr': '<i2', 'fortran_order': False, 'shape': ({len(values)},), }}"
    head = shape.ljust(117) + "\n"
    body = struct.pack(f"<{len(values)}h", *values)
    path.write_bytes(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(head)) + head.encode() + body)


def reference(path, channels, before):
    if path.suffix == ".mp3":
        decoded = array.array("f", run("mpg123", "-q", "-s", "-e", "f32", path))
    elif path.suffix in (".ogg", ".oga"):
        decoded = [s / 32768 for s in array.array("h", run("oggdec", "-Q", "-R", "-o", "-", path))]
    else:
        decoded = array.array("f", run("ffmpeg", "-v", "error", "-i", path, "-f", "f32le", "-"))
    means = [sum(decoded[i : i + channels]) / channels for i in range(before * channels, len(decoded), channels)]
    npy(HERE / (path.name + ".npy"), [max(-32768, min(32767, round(32768 * m))) for m in means[::STEP]])
    return len(means)


def aac_in_caf(source, target):
    """ffmpeg writes no AAC into CAF, as Apple's programs do: the packets of its ADTS stream, with the header of its MPEG-4."""
    adts, mp4 = target.with_suffix(".aac"), target.with_suffix(".m4a")
    for path in (adts, mp4):
        ffmpeg(source, path, "-c:a", "aac", "-b:a", "48k")
    stream, whole = adts.read_bytes(), mp4.read_bytes()
    adts.unlink(), mp4.unlink()
    packets = []
    while stream:
        size = (stream[3] & 3) << 11 | stream[4] << 3 | stream[5] >> 5
        packets.append(stream[7:size])
        stream = stream[size:]
    at = whole.index(b"esds")
    cookie = whole[at + 8 : at - 4 + int.from_bytes(whole[at - 4 : at], "big")]
    sizes = b"".join(bytes([0x80 | len(p) >> 7, len(p) & 127]) for p in packets)
    with wave.open(str(source)) as w:
        rate, channels, frames = w.getframerate(), w.getnchannels(), w.getnframes()
    chunks = [
        (b"desc", struct.pack(">d4s5I", rate, b"aac ", 0, 0, 1024, channels, 0)),
        (b"kuki", cookie),
        (b"pakt", struct.pack(">qqii", len(packets), frames, 1024, 1024 * len(packets) - 1024 - frames) + sizes),
        (b"data", bytes(4) + b"".join(packets)),
    ]
    target.write_bytes(b"caff\0\1\0\0" + b"".join(i + struct.pack(">q", len(b)) + b for i, b in chunks))


def main():
    for old in [*HERE.glob("*.npy"), *HERE.glob("tone-*"), *HERE.glob("refused/*")]:
        old.unlink(missing_ok=True)
    (HERE / "refused").mkdir(exist_ok=True)
    cases, folder = [], Path(tempfile.mkdtemp())

    def case(name, rate, channels, seconds, make, before=0):
        source = folder / "source.wav"
        encoded = sound(rate, channels, seconds, source)
        make(source, HERE / name)
        cases.append([name, rate, channels, encoded, reference(HERE / name, channels, before)])

    def by_ffmpeg(*options):
        return lambda source, target: ffmpeg(source, target, *options)

    def by_lame(*options):
        return lambda source, target: run("lame", "--quiet", *options, source, target)

    def by_oggenc(*options):
        return lambda source, target: run("oggenc", "-Q", "-s", "1", *options, "-o", target, source)

    def by_sox(encoding):
        return lambda source, target: run("sox", "-D", source, "-e", encoding, target)

    for rate in (16000, 22050, 44100, 48000):
        for channels in (1, 2):
            case(f"tone-{rate}-{channels}-cbr.mp3", rate, channels, 0.3, by_lame("-b", "128"))
            case(f"tone-{rate}-{channels}-vbr.mp3", rate, channels, 0.3, by_lame("-V", "4"))
    # Without the header that says what to trim, and with that of another program.
    case("tone-untagged.mp3", 22050, 1, 0.2, by_lame("-b", "64", "-t"))
    case("tone-ffmpeg.mp3", 24000, 1, 0.2, by_ffmpeg("-c:a", "libmp3lame", "-b:a", "64k"))
    case("tone-16000-1.ogg", 16000, 1, 0.3, by_oggenc("-q", "3"))
    case("tone-44100-2.ogg", 44100, 2, 0.3, by_oggenc("-q", "2"))
    case("tone-ffmpeg.oga", 22050, 1, 0.3, by_ffmpeg("-c:a", "libvorbis", "-f", "ogg"))
    case("tone-16000-1.m4a", 16000, 1, 0.3, by_ffmpeg("-c:a", "aac", "-b:a", "48k"))
    case("tone-44100-2.m4a", 44100, 2, 0.3, by_ffmpeg("-c:a", "aac", "-b:a", "96k"))
    case("tone-32000-1.mp4", 32000, 1, 0.3, by_ffmpeg("-c:a", "aac", "-movflags", "+faststart"))
    case("tone-alac-1.m4a", 8000, 1, 0.6, by_ffmpeg("-c:a", "alac"))
    case("tone-alac-2.m4a", 8000, 2, 0.2, by_ffmpeg("-c:a", "alac", "-sample_fmt", "s32p"))
    case("tone-alac.caf", 8000, 1, 0.6, by_ffmpeg("-c:a", "alac"))
    case("tone-aac.caf", 16000, 1, 0.3, aac_in_caf, before=1024)
    case("tone-s16le.caf", 8000, 1, 0.2, by_ffmpeg("-c:a", "pcm_s16le"))
    case("tone-f32be.caf", 8000, 1, 0.1, by_ffmpeg("-c:a", "pcm_f32be"))
    case("tone-mulaw.caf", 8000, 1, 0.2, by_ffmpeg("-c:a", "pcm_mulaw"))
    case("tone-s16.aiff", 8000, 1, 0.2, by_ffmpeg("-c:a", "pcm_s16be"))
    case("tone-s24.aif", 8000, 2, 0.1, by_ffmpeg("-c:a", "pcm_s24be"))
    case("tone-s8.aif", 8000, 1, 0.2, by_ffmpeg("-c:a", "pcm_s8"))
    case("tone-sowt.aifc", 8000, 1, 0.2, by_ffmpeg("-c:a", "pcm_s16le", "-f", "aiff"))
    case("tone-ms-1.wav", 8000, 1, 0.4, by_sox("ms-adpcm"))
    case("tone-ima-1.wav", 8000, 1, 0.4, by_sox("ima-adpcm"))
    case("tone-ms-2.wav", 8000, 2, 0.4, by_ffmpeg("-c:a", "adpcm_ms"))
    case("tone-ima-2.wav", 8000, 2, 0.4, by_ffmpeg("-c:a", "adpcm_ima_wav"))
    case("tone-rf64.wav", 8000, 1, 0.2, by_ffmpeg("-rf64", "always"))
    case("tone-alaw.wav", 8000, 1, 0.2, by_ffmpeg("-c:a", "pcm_alaw"))

    source = folder / "source.wav"
    sound(16000, 1, 0.1, source)
    for name in ("opus.ogg", "opus.webm", "opus.m4a"):
        options = ["-strict", "-2", "-f", "mp4"] if name.endswith("m4a") else []
        ffmpeg(source, HERE / "refused" / name, "-c:a", "libopus", "-b:a", "24k", *options)
    ffmpeg(source, HERE / "refused" / "ima4.caf", "-c:a", "adpcm_ima_qt")
    ffmpeg(source, HERE / "refused" / "ima4.aifc", "-c:a", "adpcm_ima_qt", "-f", "aiff")
    ffmpeg(source, HERE / "refused" / "windows.wma", "-c:a", "wmav2", "-b:a", "48k")
    ffmpeg(source, HERE / "refused" / "stream.aac", "-c:a", "aac", "-b:a", "48k")
    ffmpeg(source, HERE / "refused" / "fragments.mp4", "-c:a", "aac", "-movflags", "frag_keyframe+empty_moov")
    ffmpeg(source, HERE / "refused" / "flac.oga", "-c:a", "flac", "-f", "ogg")
    ffmpeg(source, HERE / "refused" / "layer-2.mp2", "-c:a", "mp2", "-b:a", "64k")
    surround = ["-filter_complex", "amerge=inputs=1,pan=5.1|c0=c0|c1=c0|c2=c0|c3=c0|c4=c0|c5=c0"]
    ffmpeg(source, HERE / "refused" / "surround.m4a", *surround, "-c:a", "aac")

    lines = [["file", "rate", "channels", "encoded", "reference"], *cases]
    (HERE / "cases.tsv").write_text("".join("\t".join(map(str, line)) + "\n" for line in lines))
    shutil.rmtree(folder)
    size = sum(p.stat().st_size for p in HERE.rglob("*") if p.is_file())
    print(run("ffmpeg", "-version").decode().splitlines()[0], "-", size, "bytes")


main()
