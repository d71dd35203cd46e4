//! Who holds a port, and which port is free instead.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener};
use std::path::Path;

/// How many ports after a busy one are tried.
const TRIES: u16 = 50;

/// A process that listens on a port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Owner {
    pub(crate) pid: u32,
    pub(crate) name: String,
}

/// The process that listens where `addresses` cannot. None where the system does not tell (another user's process, or
/// no `/proc`).
pub(crate) fn owner(addresses: &[SocketAddr]) -> Option<Owner> {
    let tables = ["/proc/net/tcp", "/proc/net/tcp6"].map(|file| std::fs::read_to_string(file).unwrap_or_default());
    let inodes: Vec<u64> = tables
        .iter()
        .flat_map(|table| listening(table))
        .filter(|(at, _)| addresses.iter().any(|wanted| collide(*at, *wanted)))
        .map(|(_, inode)| inode)
        .collect();
    holder(Path::new("/proc"), &inodes)
}

/// A free port after a busy one on the same host; 0 (any) when there is none near.
pub(crate) fn free_port(host: &str, busy: u16) -> u16 {
    let near = (1..=TRIES).filter_map(|step| busy.checked_add(step));
    near.into_iter().find(|port| TcpListener::bind((host, *port)).is_ok()).unwrap_or(0)
}

/// Two listeners exclude each other on the same port when their addresses are equal, or one of them is all addresses.
fn collide(left: SocketAddr, right: SocketAddr) -> bool {
    let plain = |address: SocketAddr| address.ip().to_canonical();
    let (l, r) = (plain(left), plain(right));
    left.port() == right.port() && (l == r || l.is_unspecified() || r.is_unspecified())
}

/// The listening sockets in a table of `/proc/net`: address and inode.
fn listening(table: &str) -> Vec<(SocketAddr, u64)> {
    const LISTEN: &str = "0A";
    let row = |line: &str| {
        let fields: Vec<&str> = line.split_whitespace().collect();
        let (local, state, inode) = (fields.get(1)?, fields.get(3)?, fields.get(9)?);
        (*state == LISTEN).then_some(())?;
        Some((address(local)?, inode.parse().ok()?))
    };
    table.lines().skip(1).filter_map(row).collect()
}

/// `0100007F:1F40` → 127.0.0.1:8000. The groups of four bytes stand in the machine's own order.
fn address(text: &str) -> Option<SocketAddr> {
    let (ip, port) = text.split_once(':')?;
    let port = u16::from_str_radix(port, 16).ok()?;
    let groups: Vec<[u8; 4]> = (0..ip.len() / 8)
        .map(|group| u32::from_str_radix(ip.get(group * 8..group * 8 + 8)?, 16).ok().map(u32::to_ne_bytes))
        .collect::<Option<_>>()?;
    let ip = match groups.as_slice() {
        [v4] => IpAddr::V4(Ipv4Addr::from(*v4)),
        [a, b, c, d] => {
            let bytes: [u8; 16] = [*a, *b, *c, *d].concat().try_into().ok()?;
            IpAddr::V6(Ipv6Addr::from(bytes))
        }
        _ => return None,
    };
    Some(SocketAddr::new(ip, port))
}

/// The process that has one of these sockets open.
fn holder(proc: &Path, inodes: &[u64]) -> Option<Owner> {
    let sockets: Vec<String> = inodes.iter().map(|inode| format!("socket:[{inode}]")).collect();
    if sockets.is_empty() {
        return None;
    }
    let entries = std::fs::read_dir(proc).ok()?.flatten();
    let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    pids.into_iter().find_map(|pid| {
        let home = proc.join(pid.to_string());
        let mut open = std::fs::read_dir(home.join("fd")).ok()?.flatten();
        open.find(|fd| {
            let target = std::fs::read_link(fd.path()).unwrap_or_default();
            sockets.iter().any(|socket| target.as_os_str() == socket.as_str())
        })?;
        let name = std::fs::read_to_string(home.join("comm")).unwrap_or_default();
        Some(Owner { pid, name: name.trim().to_owned() })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernels_table_is_read() {
        let table = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n\
            \x20  0: 0100007F:1F40 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 4242 1 0 100 0 0 10 0\n\
            \x20  1: 0100007F:1F41 0100007F:1F40 01 00000000:00000000 00:00000000 00000000  1000        0 4343 1 0 20 4 30 10 -1\n";
        let expected = if cfg!(target_endian = "little") { "127.0.0.1:8000" } else { "1.0.0.127:8000" };
        assert_eq!(listening(table), [(expected.parse().expect("an address"), 4242)]);
        assert_eq!(address("nonsense"), None);
        assert_eq!(address("00000000000000000000000001000000:0050"), Some("[::1]:80".parse().expect("an address")));
    }

    #[test]
    fn all_addresses_collide_with_each_one() {
        let at = |text: &str| text.parse::<SocketAddr>().expect("an address");
        assert!(collide(at("0.0.0.0:80"), at("127.0.0.1:80")) && collide(at("[::]:80"), at("127.0.0.1:80")));
        assert!(!collide(at("127.0.0.1:80"), at("127.0.0.1:81")) && !collide(at("127.0.0.2:80"), at("127.0.0.1:80")));
    }
}
