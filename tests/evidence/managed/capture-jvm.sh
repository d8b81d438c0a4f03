#!/bin/sh
# Writes the jvm-* and gc-* captures of this folder; needs a JDK. sh capture-jvm.sh FOLDER
set -e
here=$(cd "$(dirname "$0")" && pwd); out=${1:-$here}; work=$(mktemp -d); cd "$work"
javac -d . "$here/Grower.java"
mkfifo go
LC_ALL=C java -Xmx96m -Xms32m -XX:NativeMemoryTracking=detail -Xlog:gc:file=gc.log Grower < go > said &
exec 3> go
until grep -q ready said; do :; done
pid=$(pgrep -n -f 'java.*Grower')
jcmd "$pid" VM.native_memory baseline > /dev/null
jcmd "$pid" VM.native_memory summary > "$out/jvm-nmt.txt"
jcmd "$pid" VM.native_memory summary scale=MB > "$out/jvm-nmt-mb.txt"
jcmd "$pid" VM.native_memory summary.diff > "$out/jvm-nmt-diff.txt"
jcmd "$pid" GC.heap_info > "$out/jvm-heap_info.txt"
jcmd "$pid" GC.class_histogram | head -20 > "$out/jvm-histogram.txt"
jstat -gc "$pid" 100 3 > "$out/jvm-jstat-gc.txt"
jhsdb jmap --heap --pid "$pid" > "$out/jvm-jmap-heap.txt" 2>/dev/null || true
echo >&3; exec 3>&-; wait
cp gc.log "$out/gc-unified.txt"
java -Xmx96m -XX:+UseSerialGC -Xlog:gc*:stdout:time,uptime,level,tags Grower < /dev/null > "$out/gc-unified-details.txt"
rm -r "$work"
