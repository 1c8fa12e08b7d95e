#!/bin/sh
# attach NAME NETWORK: makes a network namespace and attaches it, as a container runtime would. Once it is, does nothing.
set -e
name=$1 network=$2
[ ! -e "/run/netns/$name" ] || exit 0

export CNI_PATH="${CNI_PATH:-/opt/cni/bin}" CNI_CONTAINERID="$name" CNI_NETNS="/run/netns/$name" CNI_IFNAME=eth0
ip netns add "$name"
CNI_COMMAND=ADD "$CNI_PATH/slash32" << END || { ip netns delete "$name"; exit 1; }
{ "cniVersion": "1.0.0", "name": "$network", "type": "slash32", "network": "$network" }
END
