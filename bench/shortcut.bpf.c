/* SPDX-License-Identifier: Apache-2.0 OR MIT OR GPL-2.0-only */
/*
 * What would a packet cost that takes a shortcut past the stack, where the filters would have let it through?
 *
 * `uplink` runs where packets come in from the fabric: it hands one for an endpoint over to the container, if the endpoint's
 * network has a way back to the source. `host_end` runs where packets come out of a container: it sends one with the
 * endpoint's own address out by the route of its network. Both ask the kernel's own tables each time; whatever they do not
 * know, or is not simple, goes on into the stack and to the filters.
 *
 * A prototype for docs/one-packet.md, which says why it is no more than that: it is a measure, not a part of slash32.
 */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/pkt_cls.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#define AF_INET 2
#define AF_INET6 10
#define FRAGMENT 0x3fff
#define ICMP_ECHOREPLY 0
#define ICMP_ECHO 8
#define ICMPV6_ECHO 128
#define ICMPV6_ECHOREPLY 129
/* Kernel 6.3; the headers of Debian 12 are older. */
#define SKIP_NEIGHBOUR (1U << 2)

/* IPv4 as in ::ffff:192.0.2.1. */
struct address {
	__u32 words[4];
};

struct endpoint {
	__u32 host_end, table;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16384);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct address);
	__type(value, struct endpoint);
} endpoints SEC(".maps");

struct packet {
	struct address source, destination;
	__u8 family, protocol;
	void *header;
};

static __always_inline int is_simple4(struct packet *packet, struct iphdr *ip)
{
	__u8 type = *(__u8 *)(ip + 1);

	if (ip->version != 4 || ip->ihl != 5 || (ip->frag_off & bpf_htons(FRAGMENT)) || ip->ttl <= 1)
		return 0;
	*packet = (struct packet){.family = AF_INET, .protocol = ip->protocol, .header = ip};
	packet->source.words[2] = packet->destination.words[2] = bpf_htonl(0xffff);
	packet->source.words[3] = ip->saddr;
	packet->destination.words[3] = ip->daddr;
	if (ip->protocol == IPPROTO_ICMP)
		return type == ICMP_ECHO || type == ICMP_ECHOREPLY;
	return ip->protocol == IPPROTO_TCP || ip->protocol == IPPROTO_UDP;
}

static __always_inline int is_simple6(struct packet *packet, struct ipv6hdr *ip)
{
	__u8 type = *(__u8 *)(ip + 1);

	if (ip->version != 6 || ip->hop_limit <= 1)
		return 0;
	*packet = (struct packet){.family = AF_INET6, .protocol = ip->nexthdr, .header = ip};
	__builtin_memcpy(&packet->source, &ip->saddr, sizeof packet->source);
	__builtin_memcpy(&packet->destination, &ip->daddr, sizeof packet->destination);
	if (ip->nexthdr == IPPROTO_ICMPV6)
		return type == ICMPV6_ECHO || type == ICMPV6_ECHOREPLY;
	return ip->nexthdr == IPPROTO_TCP || ip->nexthdr == IPPROTO_UDP;
}

/* For us, without options, not a fragment, not at the end of its life, and of a kind that nobody mistakes for an error. */
static __always_inline int is_simple(struct __sk_buff *skb, struct packet *packet)
{
	void *header = (void *)(long)skb->data + sizeof(struct ethhdr), *end = (void *)(long)skb->data_end;

	if (skb->pkt_type != PACKET_HOST || skb->vlan_present)
		return 0;
	if (skb->protocol == bpf_htons(ETH_P_IP) && header + sizeof(struct iphdr) + 1 <= end)
		return is_simple4(packet, header);
	if (skb->protocol == bpf_htons(ETH_P_IPV6) && header + sizeof(struct ipv6hdr) + 1 <= end)
		return is_simple6(packet, header);
	return 0;
}

/* Which way a table leads from one address to another. Zero when it leads anywhere, as with all answers of the kernel. */
static __always_inline int ask(struct __sk_buff *skb, struct bpf_fib_lookup *way, const struct packet *packet,
			       const struct address *from, const struct address *to, __u32 table, __u32 flags)
{
	*way = (struct bpf_fib_lookup){.family = packet->family, .l4_protocol = packet->protocol};
	way->ifindex = skb->ifindex;
	way->tbid = table;
	if (packet->family == AF_INET) {
		way->ipv4_src = from->words[3];
		way->ipv4_dst = to->words[3];
	} else {
		__builtin_memcpy(way->ipv6_src, from, sizeof *from);
		__builtin_memcpy(way->ipv6_dst, to, sizeof *to);
	}
	return bpf_fib_lookup(skb, way, sizeof *way, BPF_FIB_LOOKUP_DIRECT | BPF_FIB_LOOKUP_TBID | flags);
}

/* One hop less to live; the checksum of IPv4 as in RFC 1624. */
static __always_inline void age(const struct packet *packet)
{
	if (packet->family == AF_INET) {
		struct iphdr *ip = packet->header;
		__u32 sum = ip->check + bpf_htons(0x0100);

		ip->check = sum + (sum >= 0xffff);
		ip->ttl--;
	} else {
		((struct ipv6hdr *)packet->header)->hop_limit--;
	}
}

SEC("tc")
int uplink(struct __sk_buff *skb)
{
	struct packet packet;
	struct bpf_fib_lookup back;
	struct endpoint *to;

	if (!is_simple(skb, &packet) || !(to = bpf_map_lookup_elem(&endpoints, &packet.destination)))
		return TC_ACT_UNSPEC;
	if (ask(skb, &back, &packet, &packet.destination, &packet.source, to->table, SKIP_NEIGHBOUR))
		return TC_ACT_UNSPEC;
	age(&packet);
	return bpf_redirect_peer(to->host_end, 0);
}

SEC("tc")
int host_end(struct __sk_buff *skb)
{
	struct packet packet;
	struct bpf_fib_lookup way;
	struct endpoint *from;
	struct ethhdr *ethernet;

	if (!is_simple(skb, &packet) || !(from = bpf_map_lookup_elem(&endpoints, &packet.source)))
		return TC_ACT_UNSPEC;
	/* Forged, or for an endpoint of this node, whose network would have to be asked too. */
	if (from->host_end != skb->ifindex || bpf_map_lookup_elem(&endpoints, &packet.destination))
		return TC_ACT_UNSPEC;
	if (ask(skb, &way, &packet, &packet.source, &packet.destination, from->table, 0))
		return TC_ACT_UNSPEC;
	ethernet = packet.header - sizeof *ethernet;
	__builtin_memcpy(ethernet->h_dest, way.dmac, sizeof way.dmac);
	__builtin_memcpy(ethernet->h_source, way.smac, sizeof way.smac);
	age(&packet);
	return bpf_redirect(way.ifindex, 0);
}

/* The kernel lends bpf_fib_lookup to programs under the GPL only, so this file may be used under it too. */
char terms[] SEC("license") = "Dual MIT/GPL";
