/* Phones on all of 127/8 from one socket: answers SNMP v1 and v2c GETs as the address that was asked.

   responder PORT [PERCENT]: only that share of the addresses lives. Each value is an OCTET STRING of
   16 bytes that holds the asked address in hex, so that a client can tell whose answer it got.
   Receives and sends in batches, so that a client beside it is what is measured. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum { BATCH = 64, ROOM = 2048, VALUE = 16 };

static unsigned char asked[BATCH][ROOM], told[BATCH][ROOM], room[BATCH][128];
static struct sockaddr_in from[BATCH];
static struct iovec in_v[BATCH], out_v[BATCH];
static struct mmsghdr in_m[BATCH], out_m[BATCH];

/* The place behind a tag and its length; the length in *size. -1 for what is no such frame. */
static int enter(const unsigned char *data, int length, int at, int tag, int *size)
{
    if (at + 2 > length || data[at] != tag) return -1;
    int n = data[at + 1], behind = at + 2;
    if (n & 0x80) {
        int count = n & 0x7f;
        if (count > 2 || behind + count > length) return -1;
        for (n = 0; count--; behind++) n = n << 8 | data[behind];
    }
    *size = n;
    return behind + n > length ? -1 : behind;
}

/* A tag and the shortest length: not every client reads another. */
static int frame(unsigned char *out, int tag, int size)
{
    out[0] = tag;
    if (size < 128) return out[1] = size, 2;
    if (size < 256) return out[1] = 0x81, out[2] = size, 3;
    return out[1] = 0x82, out[2] = size >> 8, out[3] = size & 255, 4;
}

/* The answer to a GET; 0 for what is none. */
static int answer(const unsigned char *data, int length, unsigned char *out, uint32_t address)
{
    static const char hex[] = "0123456789abcdef";
    int size, at = enter(data, length, 0, 0x30, &size), head = at;
    if (at < 0 || length < at + 7 || memcmp(data + at, "\2\1", 2)) return 0;
    if (data[at + 2] > 1 || data[at + 3] != 4) return 0;
    int pdu = at + 5 + data[at + 4];
    at = enter(data, length, pdu, 0xa0, &size);
    if (at < 0) return 0;
    int list = at;
    for (int i = 0; i < 3; i++) list += 2 + data[list + 1];
    int end, next = enter(data, length, list, 0x30, &end);
    if (next < 0) return 0;
    end += next;
    unsigned char bindings[ROOM];
    int filled = 0;
    while (next < end) {
        int oid = enter(data, length, next, 0x30, &size);
        if (oid < 0) return 0;
        int oid_size = 2 + data[oid + 1], whole = oid_size + 2 + VALUE;
        if (whole > 127 || filled + whole + 2 > ROOM - 128) return 0;
        bindings[filled++] = 0x30, bindings[filled++] = whole;
        memcpy(bindings + filled, data + oid, oid_size), filled += oid_size;
        bindings[filled++] = 4, bindings[filled++] = VALUE;
        memcpy(bindings + filled, "address-", 8);
        for (int i = 0; i < 8; i++) bindings[filled + 8 + i] = hex[address >> (28 - 4 * i) & 15];
        filled += VALUE;
        next = oid + size;
    }
    unsigned char list_head[4], pdu_head[4];
    int top = pdu - head, middle = list - at, list_size = frame(list_head, 0x30, filled);
    int pdu_size = frame(pdu_head, 0xa2, middle + list_size + filled);
    int done = frame(out, 0x30, top + pdu_size + middle + list_size + filled);
    memcpy(out + done, data + head, top), done += top;
    memcpy(out + done, pdu_head, pdu_size), done += pdu_size;
    memcpy(out + done, data + at, middle), done += middle;
    memcpy(out + done, list_head, list_size), done += list_size;
    memcpy(out + done, bindings, filled);
    return done + filled;
}

static int lives(uint32_t address, unsigned percent)
{
    return percent >= 100 || (address * 2654435761u >> 8) % 100 < percent;
}

int main(int count, char **words)
{
    unsigned percent = count > 2 ? atoi(words[2]) : 100;
    int sock = socket(AF_INET, SOCK_DGRAM, 0), on = 1, big = 8 << 20;
    struct sockaddr_in here = {.sin_family = AF_INET, .sin_port = htons(atoi(words[1]))};
    setsockopt(sock, SOL_SOCKET, SO_BINDTODEVICE, "lo", 2);
    setsockopt(sock, IPPROTO_IP, IP_PKTINFO, &on, sizeof on);
    setsockopt(sock, SOL_SOCKET, SO_RCVBUF, &big, sizeof big);
    setsockopt(sock, SOL_SOCKET, SO_SNDBUF, &big, sizeof big);
    if (bind(sock, (struct sockaddr *)&here, sizeof here)) return perror("bind"), 1;
    for (;;) {
        for (int i = 0; i < BATCH; i++) {
            in_v[i] = (struct iovec){asked[i], ROOM};
            in_m[i].msg_hdr = (struct msghdr){.msg_name = &from[i], .msg_namelen = sizeof from[i],
                .msg_iov = &in_v[i], .msg_iovlen = 1, .msg_control = room[i], .msg_controllen = 128};
        }
        int got = recvmmsg(sock, in_m, BATCH, MSG_WAITFORONE, NULL), sent = 0;
        for (int i = 0; i < got; i++) {
            struct cmsghdr *note = CMSG_FIRSTHDR(&in_m[i].msg_hdr);
            if (!note || note->cmsg_type != IP_PKTINFO) continue;
            struct in_pktinfo *to = (struct in_pktinfo *)CMSG_DATA(note);
            uint32_t address = ntohl(to->ipi_addr.s_addr);
            int size = lives(address, percent) ? answer(asked[i], in_m[i].msg_len, told[sent], address) : 0;
            if (!size) continue;
            to->ipi_spec_dst = to->ipi_addr, to->ipi_ifindex = 0;
            out_v[sent] = (struct iovec){told[sent], size};
            out_m[sent].msg_hdr = in_m[i].msg_hdr;
            out_m[sent].msg_hdr.msg_iov = &out_v[sent];
            sent++;
        }
        for (int done = 0; done < sent;) {
            int now = sendmmsg(sock, out_m + done, sent - done, 0);
            done += now > 0 ? now : 1;
        }
    }
}
