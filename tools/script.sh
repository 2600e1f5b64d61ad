# What the other shell scripts share. They source it after setting usage; it sees their arguments.
# shellcheck shell=bash

for argument in "$@"; do
    if [[ $argument == -h || $argument == --help ]]; then
        echo "$usage"
        sed -n '2,/^set/s/^# \{0,1\}//p' "${BASH_SOURCE[1]}" # the comment at its top
        exit
    fi
done

tools=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(dirname "$tools")
package=$root # of a wheel
if [ -d "$root/mmpretrain_mlml" ]; then # a checkout, installed or not
    package=$root/mmpretrain_mlml
    export PYTHONPATH="$root${PYTHONPATH:+:$PYTHONPATH}"
fi

# Share the cores of the machine among some processes; torchrun would give each one, with a warning.
share_cores() {
    if [ -z "${OMP_NUM_THREADS:-}${MKL_NUM_THREADS:-}" ] && [[ $1 =~ ^[1-9][0-9]*$ ]]; then
        OMP_NUM_THREADS=$("${PYTHON:-python}" "$package/runtime/threads.py" "$1")
        export OMP_NUM_THREADS MKL_NUM_THREADS=$OMP_NUM_THREADS
    fi
}
