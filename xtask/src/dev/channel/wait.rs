//! Sleeping until a listening socket has a connection, or one is told to stop. Where there is no `poll`, the socket is
//! looked at again and again.

#[cfg(any(test, not(unix)))]
mod looking;
#[cfg(unix)]
mod polling;

#[cfg(not(unix))]
pub(super) use self::looking::{Stop, Waiter, pair};
#[cfg(unix)]
pub(super) use self::polling::{Stop, Waiter, pair};

/// Why the sleep is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Woken {
    /// There may be a connection.
    ToLook,
    /// It is to stop.
    ToStop,
}

#[cfg(all(test, unix))]
mod tests {
    use std::net::{Ipv4Addr, TcpListener, TcpStream};

    use super::{Woken, looking, polling};

    #[test]
    fn a_connection_and_the_end_wake_it() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
        let _connection = TcpStream::connect(listener.local_addr().expect("an address")).expect("a connection");
        let (stop, waiter) = polling::pair().expect("a pipe");
        assert_eq!(waiter.wait(Some(&listener)), Woken::ToLook);
        assert_eq!(waiter.wait(None), Woken::ToLook, "it does not sleep for ever without a socket");
        drop(stop);
        assert_eq!(waiter.wait(Some(&listener)), Woken::ToStop);
    }

    #[test]
    fn without_poll_the_end_wakes_it_and_time_does() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
        let (stop, waiter) = looking::pair().expect("a channel");
        assert_eq!(waiter.wait(Some(&listener)), Woken::ToLook);
        drop(stop);
        assert_eq!(waiter.wait(None), Woken::ToStop);
    }
}
