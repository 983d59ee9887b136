#!/bin/sh
# Makes the two fonts of the PNG figures from DejaVu 2.37 (Debian: fonts-dejavu-core): Latin, Greek, Cyrillic, arrows, marks.
# usage: pip install fonttools && ./subset.sh /usr/share/fonts/truetype/dejavu
set -eu
for font in DejaVuSans DejaVuSans-Bold; do
    pyftsubset "$1/$font.ttf" --no-hinting --layout-features= --output-file="$(dirname "$0")/$font.ttf" --unicodes="U+0020-007E,\
U+00A0-017F,U+0218-021B,U+0370-03FF,U+0400-045F,U+2010-2027,U+202F,U+2032,U+2070-209F,U+20AC,U+2190-2199,U+2200-2265,U+25A0-25FF"
done
