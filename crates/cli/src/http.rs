//! One HTTP request without a library: enough to ask a service on this host whether it answers.

use std::io::{self, Read as _, Write as _};
use std::net::{TcpStream, ToSocketAddrs as _};
use std::time::{Duration, Instant};

/// A URL that can be asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Url {
    /// As it stands in a request.
    host: String,
    /// To connect to.
    address: (String, u16),
    path: String,
}

/// Why a text is not a URL that can be asked here.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum UrlError {
    /// Encryption would need a library.
    #[error("only `http://` is asked here")]
    Scheme,
    /// No host, or a port that is none.
    #[error("it names no host and port")]
    Host,
}

impl Url {
    /// Reads `http://HOST[:PORT][/PATH]`.
    pub fn parse(text: &str) -> Result<Self, UrlError> {
        let rest = text.strip_prefix("http://").ok_or(UrlError::Scheme)?;
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (host, path) = rest.split_at(end);
        let path = path.split('#').next().unwrap_or_default();
        let path = if path.starts_with('/') {
            path.to_owned()
        } else {
            format!("/{path}")
        };
        let strange = |c: char| c.is_ascii_control() || c == ' ' || c == '@';
        if host.chars().chain(path.chars()).any(strange) {
            return Err(UrlError::Host);
        }
        let (name, port) = match host.rsplit_once(':') {
            // The colons of an IPv6 address stand between brackets.
            Some((name, port)) if !port.contains(']') => {
                (name, port.parse().map_err(|_| UrlError::Host)?)
            }
            _ => (host, 80),
        };
        let bare = name
            .strip_prefix('[')
            .and_then(|name| name.strip_suffix(']'));
        let name = bare.unwrap_or(name).to_owned();
        if name.is_empty() {
            return Err(UrlError::Host);
        }
        Ok(Self {
            host: host.to_owned(),
            address: (name, port),
            path,
        })
    }

    /// Asks, and says with which status it was answered.
    pub fn ask(&self, patience: Duration) -> io::Result<u16> {
        let deadline = Instant::now() + patience;
        let mut stream = self.connect(deadline)?;
        let request = format!(
            "GET {} HTTP/1.1\r\nHost: {}\r\nUser-Agent: ringfence\r\nAccept: */*\r\nConnection: close\r\n\r\n",
            self.path, self.host
        );
        stream.set_write_timeout(Some(left(deadline)?))?;
        stream.write_all(request.as_bytes())?;
        let mut head = Vec::new();
        // The status line is short; a server that sends none is no HTTP server.
        while !head.contains(&b'\n') && head.len() < 4096 {
            let mut buffer = [0; 512];
            stream.set_read_timeout(Some(left(deadline)?))?;
            let count = stream.read(&mut buffer)?;
            if count == 0 {
                break;
            }
            head.extend_from_slice(buffer.get(..count).unwrap_or_default());
        }
        let head = String::from_utf8_lossy(&head);
        let mut words = head.split_whitespace();
        words
            .next()
            .filter(|word| word.starts_with("HTTP/"))
            .and_then(|_| words.next()?.parse().ok())
            .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "the answer is not HTTP"))
    }

    fn connect(&self, deadline: Instant) -> io::Result<TcpStream> {
        let (name, port) = &self.address;
        let mut last = io::Error::new(io::ErrorKind::NotFound, "the host has no address");
        for address in (name.as_str(), *port).to_socket_addrs()? {
            match TcpStream::connect_timeout(&address, left(deadline)?) {
                Ok(stream) => return Ok(stream),
                Err(error) => last = error,
            }
        }
        Err(last)
    }
}

fn left(deadline: Instant) -> io::Result<Duration> {
    let left = deadline.saturating_duration_since(Instant::now());
    if left.is_zero() {
        return Err(io::ErrorKind::TimedOut.into());
    }
    Ok(left)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpListener;

    #[test]
    fn urls_are_read_with_their_defaults() {
        for (text, host, port, path) in [
            ("http://localhost", "localhost", 80, "/"),
            ("http://127.0.0.1:8080/a?b#c", "127.0.0.1", 8080, "/a?b"),
            ("http://[::1]:81/x", "::1", 81, "/x"),
            ("http://[::1]?q", "::1", 80, "/?q"),
        ] {
            let url = Url::parse(text).unwrap();
            assert_eq!(url.address, (host.to_owned(), port), "{text}");
            assert_eq!(url.path, path, "{text}");
        }
        for text in ["http://", "http://a:b/", "http://a b/", "http://u@h/"] {
            assert_eq!(Url::parse(text), Err(UrlError::Host), "{text}");
        }
        assert_eq!(Url::parse("https://a/"), Err(UrlError::Scheme));
    }

    /// Answers one request, and gives back what it was asked.
    fn answered(answer: &'static str) -> (io::Result<u16>, String) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let server = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut buffer = [0; 1024];
            let count = stream.read(&mut buffer).unwrap();
            stream.write_all(answer.as_bytes()).unwrap();
            String::from_utf8_lossy(&buffer[..count]).into_owned()
        });
        let url = Url::parse(&format!("http://127.0.0.1:{port}/x")).unwrap();
        (url.ask(Duration::from_secs(20)), server.join().unwrap())
    }

    #[test]
    fn the_status_of_the_answer_is_given() {
        let (status, request) = answered("HTTP/1.1 404 Not Found\r\n\r\n");
        assert_eq!(status.unwrap(), 404);
        assert!(
            request.starts_with("GET /x HTTP/1.1\r\nHost: 127.0.0.1:"),
            "{request}"
        );
        let (status, _) = answered("hello\n");
        assert_eq!(status.unwrap_err().kind(), io::ErrorKind::InvalidData);
    }

    #[test]
    fn nobody_listening_is_an_error_at_once() {
        let port = TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap()
            .port();
        let url = Url::parse(&format!("http://127.0.0.1:{port}/")).unwrap();
        let error = url.ask(Duration::from_secs(20)).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::ConnectionRefused);
    }
}
