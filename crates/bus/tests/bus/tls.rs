//! A server that is spoken to behind TLS, and wants to know who speaks.

use std::path::{Path, PathBuf};

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use tempfile::TempDir;

use super::*;

/// An authority, and what it has signed, as files.
struct Certificates {
    dir: TempDir,
    authority: Issuer<'static, KeyPair>,
}

impl Certificates {
    fn make() -> Certificates {
        let dir = TempDir::new().unwrap();
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let own = params.self_signed(&key).unwrap();
        std::fs::write(dir.path().join("ca.pem"), own.pem()).unwrap();
        Certificates { dir, authority: Issuer::new(params, key) }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// A certificate for these names, and its key.
    fn sign(&self, name: &str, names: &[&str]) -> (PathBuf, PathBuf) {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let key = KeyPair::generate().unwrap();
        let signed = CertificateParams::new(names).unwrap().signed_by(&key, &self.authority);
        let (cert, private) =
            (self.path(&format!("{name}.pem")), self.path(&format!("{name}.key")));
        std::fs::write(&cert, signed.unwrap().pem()).unwrap();
        std::fs::write(&private, key.serialize_pem()).unwrap();
        (cert, private)
    }
}

/// A server for `127.0.0.1` that takes only whom the authority has signed.
fn server(certificates: &Certificates) -> NatsServer {
    let (cert, key) = certificates.sign("server", &["127.0.0.1"]);
    let text = |path: &Path| path.display().to_string();
    let config_extra = format!(
        "tls {{ cert_file: {:?}, key_file: {:?}, ca_file: {:?}, verify: true }}\n",
        text(&cert),
        text(&key),
        text(&certificates.path("ca.pem")),
    );
    NatsServer::start(Options { config_extra, ..Options::default() })
}

async fn failure(args: &BusArgs) -> String {
    let error = Bus::connect(args, Role::Cli, "test", PATIENCE).await.unwrap_err();
    error.to_string()
}

#[tokio::test]
async fn a_server_is_known_by_its_authority_and_knows_us_by_ours() {
    let certificates = Certificates::make();
    let server = server(&certificates);
    let (cert, key) = certificates.sign("client", &["launcher"]);
    let url = server.url().replace("nats://", "tls://");
    let args = BusArgs {
        nats_ca: Some(certificates.path("ca.pem")),
        nats_cert: Some(cert),
        nats_key: Some(key),
        ..BusArgs::at(url)
    };
    let bus = Bus::connect(&args, Role::Cli, "test", PATIENCE).await.unwrap();
    bus.ensure_topology().await.unwrap();
    // Also if the address does not say so: who names an authority wants to be protected by it.
    let plain = BusArgs { nats_url: server.url(), ..args.clone() };
    Bus::connect(&plain, Role::Cli, "test", PATIENCE).await.unwrap();

    let unknown = BusArgs { nats_ca: None, ..args.clone() };
    let words = failure(&unknown).await;
    assert!(words.contains("no TLS with the nats-server"), "{words}");
    assert!(words.contains("NATS_CA"), "{words}");
    let stranger = Certificates::make();
    let (cert, key) = stranger.sign("client", &["launcher"]);
    for (nats_cert, nats_key) in [(None, None), (Some(cert), Some(key))] {
        let patience = Duration::from_secs(2);
        let args = BusArgs { nats_cert, nats_key, ..args.clone() };
        let refused = Bus::connect(&args, Role::Cli, "test", patience).await.unwrap_err();
        assert!(refused.to_string().contains("tls://127.0.0.1"), "{refused}");
    }
}

/// Nothing is ever said in the open to who should have been a TLS server.
#[tokio::test]
async fn a_server_without_tls_is_refused_where_an_authority_is_named() {
    let certificates = Certificates::make();
    let server = NatsServer::start(Options::default());
    let nats_ca = Some(certificates.path("ca.pem"));
    let args = BusArgs { nats_ca, ..BusArgs::at(server.url()) };
    let patience = Duration::from_secs(2);
    let refused = Bus::connect(&args, Role::Cli, "test", patience).await;
    assert!(refused.is_err(), "{refused:?}");
}
