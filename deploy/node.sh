#!/bin/sh
# What the image runs, as deploy/systemd does on a machine: gobgpd under its sidecar, and the controller, each started again a
# second after its end. Ending the container instead would take its network along, and with it whatever is attached.
# Arguments are the sidecar's.

keep() {
  trap 'kill "$child" 2> /dev/null; wait "$child"; exit' TERM
  while :; do
    "$@" &
    child=$!
    wait "$child"
    sleep 1
  done
}

mkdir -p -m 0700 /run/slash32
keep slash32 sidecar "$@" &
sidecar=$!
keep slash32d --config /etc/slash32/node.yaml &
controller=$!
trap 'kill "$sidecar" "$controller"' TERM INT
wait
wait # The first one ends with the signal, the second with the processes.
