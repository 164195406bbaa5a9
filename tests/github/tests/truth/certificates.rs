//! An authority of one test's own, and its certificate for the hosts of that test, made by openssl.

use crate::setup;
use assert_cmd::Command;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _};
use rustls::{ServerConfig, crypto::ring};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tempfile::TempDir;

const AUTHORITY: &[&str] = &[
    "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=authority -keyout authority.key -out authority.pem",
    "-addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign",
];
const REQUEST: &[&str] = &["req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=host -keyout host.key -out host.csr"];
const SIGN: &[&str] =
    &["x509 -req -in host.csr -CA authority.pem -CAkey authority.key -CAcreateserial -days 2 -extfile host.ext -out host.pem"];

/// The files; they vanish when it is dropped.
pub(crate) struct Certificates {
    folder: TempDir,
}

impl Certificates {
    /// A certificate for these hosts; none without openssl, which is said.
    pub(crate) fn made_for(test: &str, hosts: &[&str]) -> Option<Self> {
        if !setup::has_program(test, "openssl") {
            return None;
        }
        let folder = tempfile::tempdir().unwrap();
        let names: Vec<String> = hosts.iter().map(|host| format!("DNS:{host}")).collect();
        let extensions = format!("subjectAltName={}\nbasicConstraints=CA:FALSE\nextendedKeyUsage=serverAuth\n", names.join(","));
        fs::write(folder.path().join("host.ext"), extensions).unwrap();
        for step in [AUTHORITY, REQUEST, SIGN] {
            openssl(folder.path(), step);
        }
        Some(Self { folder })
    }

    /// What a client is to trust, for `SSL_CERT_FILE`.
    pub(crate) fn authority(&self) -> PathBuf {
        self.folder.path().join("authority.pem")
    }

    /// What the hosts show.
    pub(crate) fn server(&self) -> Arc<ServerConfig> {
        let file = |name: &str| self.folder.path().join(name);
        let certificate = CertificateDer::from_pem_file(file("host.pem")).unwrap();
        let key = PrivateKeyDer::from_pem_file(file("host.key")).unwrap();
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider())).with_safe_default_protocol_versions().unwrap();
        Arc::new(config.with_no_client_auth().with_single_cert(vec![certificate], key).unwrap())
    }
}

fn openssl(folder: &Path, arguments: &[&str]) {
    let arguments = arguments.iter().flat_map(|part| part.split(' '));
    Command::new("openssl").args(arguments).current_dir(folder).assert().success();
}
