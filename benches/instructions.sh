#!/usr/bin/env bash
# Counts the instructions that each layer of the core takes for one pass over corpus/, and compares them with benches/instructions.tsv, so
# that a slow-down shows on a machine of any noise. They are compared by the byte, since documents are added to the corpus.
#
#     benches/instructions.sh             exits with 1 if a layer takes over TOLERANCE percent more than is written down
#     benches/instructions.sh --update    writes down what is counted
#
# The counts depend on the compiler and on what the processor can do, so they are compared only where both are those that were written
# down; otherwise, and without valgrind, the comparison is skipped, and says so in one line. One pass is the difference between three passes
# and five, by halves: what starting up takes is not in it, neither is what buffers take to grow, and what is known again is known. So
# "first" is everything in a first pass, over what reading the files takes, and "second" in the next, which keeps what it meets again.
set -euo pipefail
cd "$(dirname "$0")/.."

TOLERANCE=3
FIGURES=benches/instructions.tsv
# Bare quick-xml stops at the first fault, so that it has nothing to say of the documents with faults.
COUNTED=(events/good xml/good schema/good everything/good first/good second/good xml/bad schema/bad everything/bad jsonl/bad)

skip() {
    echo "instruction counts: skipped, $*"
    exit 0
}

command -v valgrind >/dev/null || skip "valgrind is not there"
vectors=$(grep -qsw avx2 /proc/cpuinfo && echo avx2 || echo no avx2)
here="$(rustc --version | cut -d " " -f 1,2), $(rustc -vV | sed -n 's/^host: //p'), $vectors"
if [ "${1:-}" != --update ]; then
    written=$(sed -n 's/^# counted with //p' "$FIGURES")
    [ "$here" = "$written" ] || skip "they are written down for $written, and here is $here"
fi

# The release profile but for link-time optimisation, which takes minutes and would not change what a slow-down looks like.
cargo build --locked --quiet --profile counted --example core_pass
program=${CARGO_TARGET_DIR:-target}/counted/examples/core_pass

# A string instruction counts once for each byte that it writes, so that memory filled with zeros would look dear and memory filled with
# anything else cheap. The C library is told to do without them.
export GLIBC_TUNABLES=glibc.cpu.x86_rep_stosb_threshold=1073741824:glibc.cpu.x86_rep_movsb_threshold=1073741824

# Bytes of a folder of the corpus, as far as it is read, and instructions of a layer over it in some passes.
count() {
    local log
    log=$(valgrind --tool=callgrind --callgrind-out-file=/dev/null "$program" "$1" "corpus/$2" "$3" 2>&1)
    sed -n 's/.* documents, \([0-9]*\) bytes.*/\1/p; s/.*Collected : \([0-9]*\)$/\1/p' <<<"$log" | paste -s -d ' '
}

counts=$(
    for layer_folder in "${COUNTED[@]}"; do
        layer=${layer_folder%/*} folder=${layer_folder#*/}
        case $layer in
        first | second)
            pass=$([ "$layer" = first ] && echo 1 || echo 2)
            read -r _ before < <([ "$pass" = 1 ] && count nothing "$folder" 1 || count everything "$folder" 1)
            read -r bytes after < <(count everything "$folder" "$pass")
            printf '%s\t%d\t%d\n' "$layer_folder" "$bytes" $((after - before))
            ;;
        *)
            read -r _ three < <(count "$layer" "$folder" 3)
            read -r bytes five < <(count "$layer" "$folder" 5)
            printf '%s\t%d\t%d\n' "$layer_folder" "$bytes" $(((five - three) / 2))
            ;;
        esac
    done
)

if [ "${1:-}" = --update ]; then
    {
        echo "# Bytes of a folder of corpus/, and instructions of one pass over them; written by benches/instructions.sh --update."
        echo "# counted with $here"
        echo "$counts"
    } >"$FIGURES"
    cat "$FIGURES"
    exit
fi

awk -F '\t' -v tolerance="$TOLERANCE" -v figures="$FIGURES" '
    FNR == NR { if ($0 !~ /^#/) written[$1] = $3 / $2; next }
    {
        if (!($1 in written)) { printf "%-16s is not written down\n", $1; failed = 1; next }
        change = 100 * ($3 / $2 / written[$1] - 1)
        verdict = change > tolerance ? "  TOO MANY" : change < -tolerance ? "  fewer: --update holds on to it" : ""
        printf "%-16s %10d instructions, %7.2f a byte  %+6.2f %%%s\n", $1, $3, $3 / $2, change, verdict
        if (change > tolerance) failed = 1
    }
    END {
        if (failed) print "instruction counts: more than " tolerance " % above " figures "; if that is worth it, benches/instructions.sh --update"
        exit failed
    }' "$FIGURES" - <<<"$counts"
