#!/bin/sh
# While docker-compose.yml is up: a container on each node, in network blue, and pings between them through the ToR.
set -e
compose=${COMPOSE:-docker compose}

$compose exec -T node1 attach blue-1 blue
$compose exec -T node2 attach blue-2 blue
for address in 10.20.2.1 2001:db8:20:2::1; do
  left=60 # Sessions may be on their way yet.
  until $compose exec -T node1 ip netns exec blue-1 ping -c 1 -W 1 "$address"; do
    left=$((left - 1))
    [ "$left" -gt 0 ] || exit 1
    sleep 1
  done
done
