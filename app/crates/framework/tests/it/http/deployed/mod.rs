//! Static files outside of debug mode: what was collected, and what a release carries.

mod forms;
mod names;
mod parts;
mod sources;

use std::fs;

use framework::http::{Client, Method, TestResponse};
use framework::staticfiles::build;
use framework::staticfiles::compress::{Effort, Encoding, encode, is_compressible};
use framework::staticfiles::digest::Digest;
use framework::staticfiles::manifest::{self, Encoded, Manifest};
use framework::staticfiles::{ignored, list, places};

use super::shop::serious;
use crate::sandbox::Sandbox;

/// A text of 500 bytes that is worth compressing.
const TEXT: &str = "0123456789";

/// The shop as people use it, with a project's own static files; nothing is collected yet.
fn deployed() -> Sandbox {
    serious()
        .var("APP__ENVIRONMENT", "production")
        .var("APP__ALLOWED_HOSTS", "localhost")
        .var("APP__SECRET_KEY", "0123456789abcdefghijklmnopqrstuvwxyz")
        .file("config/default.toml", "[static]\ndirs = [\"static\"]\n")
        .file("static/css/site.css", "body{background:url(../img/a.svg)}")
        .file("static/img/a.svg", "<svg/>")
        .file("static/text.txt", &TEXT.repeat(50))
        .file("src/modules/shop/static/both.txt", "shop")
        .file("static/both.txt", "own")
}

/// The same, collected.
fn collected() -> Sandbox {
    let sandbox = deployed();
    collect(&sandbox);
    sandbox
}

/// Puts what `collectstatic` would put there into the static root, and keeps what is there.
fn collect(sandbox: &Sandbox) -> Manifest {
    let ctx = sandbox.ctx();
    let root = sandbox.dir.path().join("var/static");
    let sources = list(&places(&ctx), &ignored(ctx.settings())).sources;
    let built = build::build(sources, &ctx.settings().static_files.url).expect("files that fit together");
    let mut manifest = built.manifest();
    let write = |name: &str, bytes: &[u8]| {
        let file = root.join(name);
        fs::create_dir_all(file.parent().expect("a parent")).expect("a directory");
        fs::write(file, bytes).expect("a file");
    };
    for file in &built.files {
        for (name, content) in [(&file.path, &file.original), (&file.hashed_path, &file.hashed)] {
            let bytes = content.data.read().expect("content");
            write(name, &bytes);
            for encoding in Encoding::ALL.into_iter().filter(|_| is_compressible(name)) {
                let Some(encoded) = encode(&bytes, encoding, Effort::Quick).expect("an encoder") else { continue };
                let Digest { size, sha256 } = Digest::of(&encoded);
                write(&encoding.name_for(name), &encoded);
                let entry = manifest.files.get_mut(name).expect("an entry");
                entry.encodings.insert(encoding, Encoded { size, sha256 });
            }
        }
    }
    write(manifest::NAME, &manifest.to_json().expect("a manifest"));
    manifest
}

/// The address of a file, as pages have it.
fn address(manifest: &Manifest, name: &str) -> String {
    format!("/static/{}", manifest.stored_name(name).expect("a name"))
}

async fn get(client: &Client, path: &str, headers: &[(&str, &str)]) -> TestResponse {
    client.send(Method::GET, path, headers, "").await
}
