//! HTTPS.

use std::{path::Path, sync::Arc};

use alloy::primitives::b256;
use opg_gateway::{Gateway, GatewayConfig, Parts, TlsFiles};
use opg_node::{ServiceError, SystemClock};
use rustls::{
    ClientConfig, RootCertStore,
    pki_types::{CertificateDer, ServerName, pem::PemObject},
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};
use tokio_rustls::TlsConnector;
use tokio_util::sync::CancellationToken;

use crate::support::{World, config};

fn file(name: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/tls_files").join(name)
}

async fn open(world: &World, key: &str) -> Result<Gateway, ServiceError> {
    let files = TlsFiles { certificate: file("localhost.pem"), key: file(key) };
    let parts = Parts {
        store: world.store.clone(),
        ledger: world.chain.clone(),
        engine: world.engine.clone(),
        signer: Arc::new(world.signer.clone()),
        clock: Arc::new(SystemClock),
        journal: None,
        batches: None,
        channels: None,
        fees: None,
    };
    Gateway::open(GatewayConfig { tls: Some(files), ..config() }, parts).await
}

#[tokio::test]
async fn it_speaks_https_and_knows_the_hash_of_its_key() {
    let world = World::free().await;
    let gateway = open(&world, "localhost.key.pem").await.unwrap();
    // keccak-256 of what `openssl pkey -pubout -outform DER` prints for the key.
    let expected = b256!("227ff5a3e6af818c9b6452ee35087ac014fe50b1715059ba247310d1a16ec6db");
    assert_eq!(gateway.tls_key_hash(), Some(expected));
    let address = gateway.address();
    let stop = CancellationToken::new();
    let running = tokio::spawn(gateway.run(stop.clone()));

    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(file("localhost.pem")).unwrap()).unwrap();
    let client = ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
    let stream = TcpStream::connect(address).await.unwrap();
    let name = ServerName::try_from("localhost").unwrap();
    let mut stream = TlsConnector::from(Arc::new(client)).connect(name, stream).await.unwrap();
    let ask = b"GET /v1/attestation HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";
    stream.write_all(ask).await.unwrap();
    let mut answer = String::new();
    let _ = stream.read_to_string(&mut answer).await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    // Whoever is connected can compare the key of the connection with the one that the node names.
    assert!(answer.contains(&format!("\"tlsKeyHash\":\"{expected}\"")), "{answer}");

    // Whoever speaks plain HTTP there gets nothing and disturbs nobody.
    let mut plain = TcpStream::connect(address).await.unwrap();
    plain.write_all(b"GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n").await.unwrap();
    let mut nothing = Vec::new();
    let _ = plain.read_to_end(&mut nothing).await;
    assert!(!nothing.starts_with(b"HTTP"));
    stop.cancel();
    running.await.unwrap().unwrap();
}

#[tokio::test]
async fn files_that_are_no_key_are_named() {
    let world = World::free().await;
    let error = open(&world, "localhost.pem").await.unwrap_err().to_string();
    assert!(error.contains("localhost.pem") && error.contains("PEM"), "{error}");
}
