#!/bin/sh
# Runs COMMAND... with a Slurm cluster of its own: this machine's cores as one node, in a temporary folder, without systemd.
#
#     sh tests/slurm.sh COMMAND...        (`just test-slurm` runs the tests of the Slurm launcher so)
#
# Installs Debian's slurm-wlm and munge where they are missing. The daemons listen on 127.0.0.1 alone and are stopped
# again whatever happens. Partitions: `main` (default), `low` and `high`, which preempts and requeues jobs of `low`.
set -eu

say() { printf 'slurm.sh: %s\n' "$*" >&2; }
fail() { say "$*"; exit 1; }
have() { command -v "$1" >/dev/null 2>&1; }

[ $# -gt 0 ] || fail "give the command to run with the cluster"
PATH=$PATH:/usr/sbin:/sbin # munged, slurmctld and slurmd of a user without root

install() {
    by_hand="install slurm-wlm and munge yourself"
    have apt-get || fail "slurmctld, slurmd or munged is missing: $by_hand"
    sudo=
    if [ "$(id -u)" != 0 ]; then
        have sudo || fail "slurmctld, slurmd or munged is missing: ask an administrator for 'apt-get install slurm-wlm munge'"
        sudo=sudo
    fi
    say "installing the system packages slurm-wlm and munge: ${sudo:+sudo }apt-get install slurm-wlm munge"
    log=$(mktemp)
    apt="$sudo env DEBIAN_FRONTEND=noninteractive apt-get"
    # shellcheck disable=SC2086 # a command with its arguments
    { $apt install -y --no-install-recommends slurm-wlm munge ||
        { $apt update && $apt install -y --no-install-recommends slurm-wlm munge; }; } >"$log" 2>&1 ||
        fail "apt-get could not install them ($(tail -n 1 "$log"); $log): $by_hand"
    rm -f "$log"
}
for daemon in munged slurmctld slurmd sbatch; do
    have $daemon || { install; break; }
done

# Short, since the path of munged's socket has at most 107 bytes.
dir=$(mktemp -d -t slurm.XXXXXX)
daemons= # process ids
stop() {
    status=$?
    trap '' INT TERM HUP
    [ ! -e "$dir/started" ] || scancel --user="$(id -un)" >/dev/null 2>&1 || :
    # The last to be started is the first to go.
    for pid in $daemons; do
        kill "$pid" 2>/dev/null || :
    done
    for pid in $daemons; do
        for _ in 1 2 3 4 5 6 7 8 9 10; do
            kill -0 "$pid" 2>/dev/null || continue 2
            sleep 0.5
        done
        kill -9 "$pid" 2>/dev/null || :
    done
    if [ "$status" != 0 ] && [ -n "${SLURM_LOGS:-}" ]; then
        mkdir -p "$SLURM_LOGS"
        cp "$dir"/*.log "$dir/slurm.conf" "$SLURM_LOGS"
    fi
    rm -rf "$dir"
    exit "$status"
}
trap stop EXIT
trap 'exit 130' INT TERM HUP

# start NAME COMMAND...: a daemon in the foreground of its own log.
start() {
    name=$1
    shift
    "$@" >"$dir/$name.log" 2>&1 </dev/null &
    daemons="$! $daemons"
}
# await SECONDS WHAT COMMAND...: until COMMAND succeeds.
await() {
    tries=$(($1 * 10)) what=$2
    shift 2
    until "$@" >/dev/null 2>&1; do
        tries=$((tries - 1))
        [ $tries -gt 0 ] || { tail -n 5 "$dir"/*.log >&2; fail "$what"; }
        sleep 0.1
    done
}

chmod 755 "$dir"
umask 022
mkdir "$dir/state" "$dir/spool"
dd if=/dev/urandom of="$dir/key" bs=128 count=1 2>/dev/null
chmod 600 "$dir/key"
start munged munged --foreground --key-file="$dir/key" --socket="$dir/munge" --pid-file="$dir/munged.pid" \
    --seed-file="$dir/seed" --log-file="$dir/munged.file.log"
await 10 "munged does not answer" munge --socket="$dir/munge" --no-input

host=$(hostname -s)
user=$(id -un)
cores=$(nproc)
port=$((20000 + $$ % 10000))
# MaxArraySize: so small that a grid needs several arrays.
# cred_expire: how long a requeued job waits, at least 5 s. KillWait: from SIGTERM to SIGKILL.
cat >"$dir/slurm.conf" <<CONF
ClusterName=seraug
SlurmctldHost=$host(127.0.0.1)
SlurmUser=$user
SlurmdUser=$user
SlurmctldPort=$port
SlurmdPort=$((port + 1))
CommunicationParameters=NoInAddrAny,NoCtldInAddrAny
AuthType=auth/munge
AuthInfo=socket=$dir/munge,cred_expire=5
StateSaveLocation=$dir/state
SlurmdSpoolDir=$dir/spool
SlurmctldPidFile=$dir/slurmctld.pid
SlurmdPidFile=$dir/slurmd.pid
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
MpiDefault=none
MailProg=/bin/true
ReturnToService=2
SlurmdParameters=config_overrides
SchedulerType=sched/backfill
SchedulerParameters=batch_sched_delay=0,sched_interval=1,bf_interval=1,sched_min_interval=100000
PreemptType=preempt/partition_prio
PreemptMode=REQUEUE
KillWait=20
MaxArraySize=5
NodeName=$host NodeAddr=127.0.0.1 CPUs=$cores Sockets=1 CoresPerSocket=$cores ThreadsPerCore=1
PartitionName=main Nodes=$host Default=YES PriorityTier=10 PreemptMode=OFF
PartitionName=low Nodes=$host PriorityTier=10
PartitionName=high Nodes=$host PriorityTier=20 PreemptMode=OFF
CONF
export SLURM_CONF="$dir/slurm.conf"
start slurmctld slurmctld -D
await 20 "slurmctld does not answer" scontrol ping
start slurmd slurmd -D
idle() { [ "$(sinfo --noheader --partition=main --format=%t)" = idle ]; }
await 20 "the node is not idle" idle
: >"$dir/started"
"$@"
