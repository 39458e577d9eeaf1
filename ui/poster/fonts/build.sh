#!/usr/bin/env bash
# build.sh makes the fonts of the posters out of Debian's packages: the families in the binary, packed, in
# ../typeset/fonts, and the font packs in packs/. It prints nothing if all is well; fonts.sha256 lists what comes out.
#
#   apt-get install fonts-noto-core=20201225-1 fonts-noto-cjk fonttools
#   ui/poster/fonts/build.sh
set -euo pipefail
cd "$(dirname "$0")"
noto=/usr/share/fonts/truetype/noto
cjk=/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc
binary=../typeset/fonts
mkdir -p packs

for family in NotoSans NotoSansArabic NotoSansHebrew NotoSansDevanagari NotoSansThai NotoSansEthiopic NotoSansGeorgian \
	NotoSansArmenian NotoNastaliqUrdu NotoSansBengali NotoSansTamil NotoSansKhmer NotoSansMyanmar NotoSansSinhala \
	NotoSansGurmukhi NotoSansGujarati NotoSansTelugu NotoSansKannada NotoSansMalayalam NotoSansLao NotoSansThaana; do
	for weight in Regular Bold; do
		gzip -9 -n -c $noto/$family-$weight.ttf >$binary/$family-$weight.gz
	done
done

# subset FACE FEATURES OUT [FONT] < a file of U+ numbers: no hinting, the names that the licence wants, the time stamp of the source
subset() {
	pyftsubset "${4-$cjk}" --font-number="$1" --layout-features="$2" --unicodes-file=/dev/stdin --output-file="$3" \
		--no-hinting --desubroutinize --name-IDs=0,1,2,3,4,5,6,7,13,14 --no-recalc-timestamp
}

# Signs that every CJK font has besides its letters.
signs="U+0020 U+00A0 U+00B7 U+2010-2027 U+2030-203B U+3000-303F U+FF01-FF5E U+FFE0-FFE6"

korean=$(mktemp)
trap 'rm "$korean"' EXIT
for weight in Regular Bold; do
	echo "$signs U+1100-11FF U+3131-318E U+A960-A97C U+AC00-D7A3 U+D7B0-D7FB U+20A9" |
		subset 1 ccmp,ljmo,vjmo,tjmo,locl,kern,mark,mkmk "$korean" "${cjk/Regular/$weight}"
	gzip -9 -n -c "$korean" >$binary/NotoSansKR-$weight.gz
done

# charset CODEC: the characters of two bytes in a national set, as U+ numbers
charset() {
	/usr/bin/python3 - "$1" <<-'PYTHON'
		import sys
		codec = sys.argv[1]
		first, second = (0xA1, 0xF9), (0xA1, 0xFE)
		if codec == "big5":
		    first, second = (0xA1, 0xC6), (0x40, 0xFE)  # signs and level 1
		for a in range(first[0], first[1] + 1):
		    for b in range(second[0], second[1] + 1):
		        try:
		            for c in bytes([a, b]).decode(codec):
		                print("U+%04X" % ord(c))
		        except UnicodeDecodeError:
		            pass
	PYTHON
}

# Kana with everything; bopomofo with Traditional Chinese.
(charset euc_jp && echo "$signs U+3041-30FF U+31F0-31FF U+FF61-FF9F U+FE00 U+E0100-E01EF") |
	subset 0 ccmp,locl,kern,mark,mkmk packs/NotoSansJP-Regular.otf
(charset gb2312 && echo "$signs U+3105-312F") | subset 2 ccmp,locl,kern,mark,mkmk packs/NotoSansSC-Regular.otf
(charset big5 && echo "$signs U+3105-312F U+31A0-31BF") | subset 3 ccmp,locl,kern,mark,mkmk packs/NotoSansTC-Regular.otf

# coverage says which characters each pack has, the whole font last: a line a pack, its file name and ranges in hexadecimal.
/usr/bin/python3 - packs/NotoSans{JP,SC,TC}-Regular.otf $cjk <<-'PYTHON' | gzip -9 -n >$binary/coverage.gz
	import os, sys
	from fontTools.ttLib import TTFont
	for path in sys.argv[1:]:
	    ranges = []
	    for c in sorted(TTFont(path, fontNumber=0).getBestCmap()):
	        if ranges and ranges[-1][1] == c - 1:
	            ranges[-1][1] = c
	        else:
	            ranges.append([c, c])
	    print(os.path.basename(path), *("%X-%X" % (a, b) for a, b in ranges))
PYTHON

if [ "${1-}" = --update ]; then
	sha256sum $binary/*.gz packs/*.otf >fonts.sha256
fi
sha256sum --quiet --check fonts.sha256
