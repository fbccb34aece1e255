#!/usr/bin/env bash
# Tries a fresh clone on a bare Debian 12: python3, python3-pip and make, nothing else. Needs root and debootstrap.
#
#   scripts/try_bare.sh                 make demo and make test, as root and as an ordinary user, cold and warm
#   scripts/try_bare.sh demo lint       only these targets
#   WHO=user scripts/try_bare.sh test   only as an ordinary user (or WHO=root)
#   ONCE=1 scripts/try_bare.sh test     only with nothing fetched before, not again and again
#
# The Debian lies in $BARE (default /var/tmp/samspel-bare) and is made once; remove the folder to make it anew.
# Mirror, package index and certificates are those this machine is set to; nothing of its environment goes along else.
set -euo pipefail
cd "$(dirname "$0")/.."

BARE=${BARE:-/var/tmp/samspel-bare}
WHO=${WHO:-root user}
if (($#)); then targets=("$@"); else targets=(demo test); fi

if [[ -z ${IN_NAMESPACE:-} ]]; then
    [[ $EUID == 0 ]] || { echo "This needs root: it makes a Debian of its own." >&2; exit 1; }
    command -v debootstrap >/dev/null || { echo "debootstrap is missing: apt-get install debootstrap" >&2; exit 1; }
    # Mounts and processes of the try end with it.
    IN_NAMESPACE=1 exec unshare --mount --pid --fork --kill-child "$0" "$@"
fi

if [[ ! -e $BARE/made ]]; then
    mirror=$(apt-get indextargets --format '$(REPO_URI) $(CODENAME)' 'Created-By: Packages' | awk '$2 == "bookworm" { print $1; exit }')
    [[ $mirror ]] || { echo "No Debian 12 among this machine's apt sources." >&2; exit 1; }
    echo "Making a bare Debian 12 in $BARE …"
    debootstrap --variant=minbase --include=python3,python3-pip,make bookworm "$BARE" "$mirror" >"$BARE.log" 2>&1 ||
        { tail "$BARE.log" >&2; exit 1; }
    chroot "$BARE" useradd --create-home --shell /bin/bash user
    touch "$BARE/made"
fi

mount --make-rprivate /
mount -t proc proc /proc # of this namespace: whom pgrep finds is ours
mount -t proc proc "$BARE/proc"
mount --rbind /dev "$BARE/dev"
cp /etc/resolv.conf /etc/hosts "$BARE/etc/"
cp --dereference /etc/ssl/certs/ca-certificates.crt "$BARE/etc/ssl/certs/ca-certificates.crt"
mkdir -p "$BARE/etc/apt/apt.conf.d"
apt-config dump | grep -E '^Acquire::(http|https|Check)' >"$BARE/etc/apt/apt.conf.d/90try" || true
for home in root home/user; do
    [[ -e ~/.npmrc ]] && cp ~/.npmrc "$BARE/$home/.npmrc"
    [[ -e ~/.config/pip/pip.conf ]] && install -D ~/.config/pip/pip.conf "$BARE/$home/.config/pip/pip.conf"
done
[[ -e /etc/pip.conf ]] && cp /etc/pip.conf "$BARE/etc/pip.conf"
kept=(); while IFS= read -r line; do kept+=("$line"); done < <(env | grep -E '^(PIP_|UV_|npm_config_|SSL_CERT_FILE|NODE_EXTRA_CA_CERTS|https?_proxy|HTTPS?_PROXY|no_proxy|NO_PROXY)' || true)

inside() { # inside WHO COMMAND: in the clone, in a clean environment
    local who=$1 home=/root; shift
    [[ $who == user ]] && home=/home/user
    chroot --userspec="$who:$who" --groups= "$BARE" /usr/bin/env -i "${kept[@]}" HOME="$home" USER="$who" TERM=dumb LANG=C.UTF-8 \
        PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin bash -c "cd $home/samspel && $*"
}

demo() { # until it answers, then stop it
    local who=$1 log=$BARE/tmp/demo.log address='' pid code=0
    : >"$log"
    inside "$who" "exec make demo" >"$log" 2>&1 &
    pid=$!
    for ((i = 0; i < 3000; i++)); do
        address=$(grep -oE 'http://[^ ]+' "$log" | head -1 || true)
        [[ $address ]] && break
        kill -0 "$pid" 2>/dev/null || { wait "$pid" || code=$?; tail -20 "$log"; return $((code ? code : 1)); }
        sleep 0.2
    done
    [[ $address ]] || { tail -20 "$log"; return 1; }
    inside "$who" "python3 -c 'import sys, urllib.request as u; print(u.urlopen(sys.argv[1]).status)' ${address%/}/" >>"$log" || code=$?
    kill -INT "$(pgrep --full --newest '[.]venv/bin/samspel demo' || echo "$pid")" 2>/dev/null || true
    wait "$pid" || true
    return "$code"
}

failed=0
report=()
attempt() { # attempt WHO WHAT TARGET
    local start=$EPOCHREALTIME code=0 took
    if [[ $3 == demo ]]; then demo "$1" || code=$?; else inside "$1" "make $3" >"$BARE/tmp/$3.log" 2>&1 || code=$?; fi
    took=$(awk -v a="$start" -v b="$EPOCHREALTIME" 'BEGIN { printf "%.1f", b - a }')
    ((code)) && { failed=1; [[ $3 == demo ]] || tail -40 "$BARE/tmp/$3.log"; }
    report+=("$(printf '%-6s make %-8s %-24s %8s s  %s' "$1" "$3" "$2" "$took" "$( ((code)) && echo FAILED || echo ok)")")
    echo "${report[-1]}"
}

for who in $WHO; do
    home=$BARE/root; [[ $who == user ]] && home=$BARE/home/user
    for target in "${targets[@]}"; do
        rm -rf "$home/samspel" "$home/.cache" "$home/.npm"
        git clone --quiet . "$home/samspel" && chroot "$BARE" chown -R "$who:$who" "${home#"$BARE"}"
        attempt "$who" "nothing fetched before" "$target"
        [[ ${ONCE:-} ]] && continue
        attempt "$who" "second time" "$target"
        rm -rf "$home/samspel" && git clone --quiet . "$home/samspel" && chroot "$BARE" chown -R "$who:$who" "${home#"$BARE"}"
        attempt "$who" "fresh clone, warm caches" "$target"
    done
done
printf '\nSummary\n'; printf '%s\n' "${report[@]}"
exit "$failed"
