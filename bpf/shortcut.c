/* SPDX-License-Identifier: Apache-2.0 OR MIT OR GPL-2.0-only */
/*
 * The shortcut: packets between containers of two nodes past the stack and its rules, where the filters would have let them
 * through. docs/one-packet.md has what it gives; src/kernel/shortcut.ts loads it.
 *
 * `uplink` runs where packets come in from the fabric: it hands one for an endpoint to its host end, if the endpoint's network
 * has a way back to the source over the same link. `host_end` runs where packets come out of a container that talks much: it
 * sends one with the endpoint's own address out by the route of its network. Both ask the kernel's own tables for every packet,
 * so a route that is gone ends a flow at once. Whatever they do not know, or is not simple, goes on into the stack and to the
 * filters.
 *
 * The maps are made by the controller, which finds them here by their names.
 */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/pkt_cls.h>
#include <linux/tcp.h>
#include <linux/udp.h>

#define AF_INET 2
#define AF_INET6 10
#define FRAGMENT 0x3fff
#define ICMP_ECHOREPLY 0
#define ICMP_ECHO 8
#define ICMPV6_ECHO_REQUEST 128
#define ICMPV6_ECHO_REPLY 129
#define inline inline __attribute__((always_inline))
/* Newer than the headers of Debian 12: kernels 6.3 and 6.5. */
#define SKIP_NEIGHBOUR (1U << 2)
#define TABLE (1U << 3)

/* IPv4 as in ::ffff:192.0.2.1. */
struct address {
	__u32 words[4];
};

/* Of an endpoint: the index of its host end and the table of its network. Of the node's own addresses: zeros. */
struct place {
	__u32 host_end, table;
	/* After so many packets more the controller is told; 0: it need not be. */
	__u32 left;
};

/* struct address to struct place: every address of this node. */
extern char places[];
/*
 * One time of CLOCK_MONOTONIC: until then this is allowed. A controller that is away renews nothing. It is read as of the last
 * tick, which is cheaper.
 */
extern char lease[];
/* Packets that went this way, for each processor. */
extern char passed[];
/* A queue: host ends of those to whom much was said. */
extern char talkers[];

/* What the kernel lends to programs; gcc-bpf calls it by number. */
#define HELPER(name) __attribute__((kernel_helper(BPF_FUNC_##name)))
void *lookup(void *map, const void *key) HELPER(map_lookup_elem);
__u64 now(void) HELPER(ktime_get_coarse_ns);
long fib_lookup(void *skb, struct bpf_fib_lookup *way, int size, __u32 flags) HELPER(fib_lookup);
long check_mtu(void *skb, __u32 link, __u32 *mtu, int more, __u64 flags) HELPER(check_mtu);
long push(void *map, const void *value, __u64 flags) HELPER(map_push_elem);
long csum_update(void *skb, __u32 sum) HELPER(csum_update);
long redirect_neigh(__u32 link, struct bpf_redir_neigh *hop, int size, __u64 flags) HELPER(redirect_neigh);

struct packet {
	struct address source, destination;
	void *header;
	__u32 family;
	/* Of the protocol above; ports as they stand there, 0 of one without. */
	__u32 protocol;
	__u16 ports[2];
	/* In bytes, without Ethernet; of a large one that is yet to be cut up: each piece. */
	__u32 length;
};

/* They are first in TCP and UDP. */
static inline void note_ports(struct packet *packet, const __u16 *header)
{
	packet->ports[0] = header[0];
	packet->ports[1] = header[1];
}

/* The header of the protocol above: of a kind that nobody mistakes for an error? Adds its length to that of the pieces. */
static inline int is_plain(struct packet *packet, __u8 protocol, void *header, void *end)
{
	__u8 *first = header;

	packet->protocol = protocol;
	if (protocol == IPPROTO_TCP) {
		if (header + sizeof(struct tcphdr) > end)
			return 0;
		packet->length += (first[12] >> 4) * 4;
		note_ports(packet, header);
		return 1;
	}
	if (header + sizeof(struct udphdr) > end)
		return 0;
	packet->length += sizeof(struct udphdr);
	if (protocol == IPPROTO_UDP) {
		note_ports(packet, header);
		return 1;
	}
	if (packet->family == AF_INET)
		return protocol == IPPROTO_ICMP && (*first == ICMP_ECHO || *first == ICMP_ECHOREPLY);
	return protocol == IPPROTO_ICMPV6 && (*first == ICMPV6_ECHO_REQUEST || *first == ICMPV6_ECHO_REPLY);
}

/* Neither "this network", loopback, multicast nor broadcast. */
static inline int is_somebody4(__u32 address)
{
	__u8 first = *(__u8 *)&address;

	return first != 0 && first != 127 && first < 224;
}

static inline int is_simple4(struct packet *packet, struct iphdr *ip, void *end)
{
	if ((void *)(ip + 1) > end)
		return 0;
	if (*(__u8 *)ip != 0x45 || (ip->frag_off & __builtin_bswap16(FRAGMENT)) || ip->ttl <= 1)
		return 0;
	if (!is_somebody4(ip->saddr) || !is_somebody4(ip->daddr))
		return 0;
	packet->family = AF_INET;
	packet->source.words[2] = packet->destination.words[2] = __builtin_bswap32(0xffff);
	packet->source.words[3] = ip->saddr;
	packet->destination.words[3] = ip->daddr;
	packet->length = sizeof *ip;
	return is_plain(packet, ip->protocol, ip + 1, end);
}

/* Neither ::/8, link-local nor multicast. */
static inline int is_somebody6(const struct in6_addr *address)
{
	__u8 first = address->in6_u.u6_addr8[0];

	return first != 0 && first < 0xfe;
}

static inline int is_simple6(struct packet *packet, struct ipv6hdr *ip, void *end)
{
	if ((void *)(ip + 1) > end)
		return 0;
	if ((*(__u8 *)ip >> 4) != 6 || ip->hop_limit <= 1)
		return 0;
	if (!is_somebody6(&ip->saddr) || !is_somebody6(&ip->daddr))
		return 0;
	packet->family = AF_INET6;
	packet->source = *(struct address *)&ip->saddr;
	packet->destination = *(struct address *)&ip->daddr;
	packet->length = sizeof *ip;
	return is_plain(packet, ip->nexthdr, ip + 1, end);
}

/*
 * For us, without options, not a fragment, not at the end of its life. Nor one that the network card has summed up
 * (CHECKSUM_COMPLETE; only then there is a sum to add nothing to): the sum would not be right for the link header it gets.
 */
static inline int is_simple(struct __sk_buff *skb, struct packet *packet)
{
	void *header = (void *)(long)skb->data + sizeof(struct ethhdr), *end = (void *)(long)skb->data_end;
	int is_it = 0;

	if (skb->pkt_type != PACKET_HOST || skb->vlan_present || csum_update(skb, 0) >= 0)
		return 0;
	packet->header = header;
	if (skb->protocol == __builtin_bswap16(ETH_P_IP))
		is_it = is_simple4(packet, header, end);
	else if (skb->protocol == __builtin_bswap16(ETH_P_IPV6))
		is_it = is_simple6(packet, header, end);
	packet->length = skb->gso_size ? packet->length + skb->gso_size : skb->len - sizeof(struct ethhdr);
	return is_it;
}

static inline int is_allowed(void)
{
	__u32 first = 0;
	__u64 *until = lookup(lease, &first);

	return until && *until > now();
}

/* Which way a table leads from one address to another. Zero when it leads anywhere, as with all answers of the kernel. */
static inline int ask(struct __sk_buff *skb, struct bpf_fib_lookup *way, const struct address *from,
		      const struct address *to, __u32 table)
{
	way->ifindex = skb->ifindex;
	way->tbid = table;
	if (way->family == AF_INET) {
		way->ipv4_src = from->words[3];
		way->ipv4_dst = to->words[3];
	} else {
		*(struct address *)way->ipv6_src = *from;
		*(struct address *)way->ipv6_dst = *to;
	}
	return fib_lookup(skb, way, sizeof *way, BPF_FIB_LOOKUP_DIRECT | TABLE | SKIP_NEIGHBOUR);
}

/* What Linux makes of a type of service when it forwards: best effort, bulk, interactive, interactive bulk (TC_PRIO_*). */
static inline __u32 priority_of(const struct iphdr *ip)
{
	return (0x4620 >> ((ip->tos >> 3 & 3) * 4)) & 0xf;
}

/* One hop less to live (the checksum of IPv4 as in RFC 1624), then out of a link, to this neighbour there. */
static inline int send(struct __sk_buff *skb, const struct packet *packet, __u32 link, struct bpf_redir_neigh *hop)
{
	__u32 first = 0;
	__u64 *count = lookup(passed, &first);

	if (count)
		++*count;
	if (packet->family == AF_INET) {
		struct iphdr *ip = packet->header;
		__u32 sum = ip->check + __builtin_bswap16(0x0100);

		ip->check = sum + (sum >= 0xffff);
		ip->ttl--;
		skb->priority = priority_of(ip);
	} else {
		((struct ipv6hdr *)packet->header)->hop_limit--;
	}
	return redirect_neigh(link, hop, sizeof *hop, 0);
}

__attribute__((section("tc/uplink"))) int uplink(struct __sk_buff *skb)
{
	struct packet packet = {};
	struct bpf_fib_lookup back = {};
	struct bpf_redir_neigh hop = {};
	struct place *to;
	__u32 mtu = 0;

	if (!is_simple(skb, &packet) || !is_allowed())
		return TC_ACT_UNSPEC;
	/* A source of this node that comes from outside is forged. */
	to = lookup(places, &packet.destination);
	if (!to || !to->host_end || lookup(places, &packet.source))
		return TC_ACT_UNSPEC;
	/* Whichever way it takes from here. While the queue is full, each packet tries again. */
	if (to->left && --to->left == 0 && push(talkers, &to->host_end, 0))
		to->left = 1;
	back.family = packet.family;
	/* By another link than it came: what becomes of it is up to rp_filter. */
	if (ask(skb, &back, &packet.destination, &packet.source, to->table) || back.ifindex != skb->ifindex)
		return TC_ACT_UNSPEC;
	if (check_mtu(skb, to->host_end, &mtu, 0, 0) < 0 || packet.length > mtu)
		return TC_ACT_UNSPEC;
	hop.nh_family = packet.family;
	if (packet.family == AF_INET)
		hop.ipv4_nh = packet.destination.words[3];
	else
		*(struct address *)hop.ipv6_nh = packet.destination;
	return send(skb, &packet, to->host_end, &hop);
}

__attribute__((section("tc/host_end"))) int host_end(struct __sk_buff *skb)
{
	struct packet packet = {};
	struct bpf_fib_lookup way = {};
	struct bpf_redir_neigh hop = {};
	struct place *from;

	if (!is_simple(skb, &packet) || !is_allowed())
		return TC_ACT_UNSPEC;
	/* Forged; or for this node, or for an endpoint here, whose network would have to be asked too. */
	from = lookup(places, &packet.source);
	if (!from || from->host_end != skb->ifindex || lookup(places, &packet.destination))
		return TC_ACT_UNSPEC;
	way.family = packet.family;
	way.tot_len = packet.length;
	/* Among several ways: the one that the stack would choose for this flow. */
	way.l4_protocol = packet.protocol;
	way.sport = packet.ports[0];
	way.dport = packet.ports[1];
	if (ask(skb, &way, &packet.source, &packet.destination, from->table))
		return TC_ACT_UNSPEC;
	hop.nh_family = way.family;
	*(struct address *)hop.ipv6_nh = *(struct address *)way.ipv6_dst;
	return send(skb, &packet, way.ifindex, &hop);
}
