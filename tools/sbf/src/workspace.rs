//! What cargo knows about a program: where it is, and which sources of this checkout it is made from.

use crate::digest::Digest;
use crate::error::{AtPath, Error, Result};
use crate::process::{cargo, command, output};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// A package of the workspace with its path dependencies, direct and indirect.
#[derive(Debug)]
pub(crate) struct Program {
    pub(crate) manifest: PathBuf,
    pub(crate) library: String,
    pub(crate) workspace: PathBuf,
    pub(crate) target_directory: PathBuf,
    sources: Vec<PathBuf>,
}

impl Program {
    /// Asks cargo without resolving registries, which makes this fast and independent of the network.
    pub(crate) fn find(directory: &Path, package: &str) -> Result<Self> {
        let mut ask = command(cargo());
        ask.current_dir(directory).args(["metadata", "--no-deps", "--format-version", "1"]);
        let metadata: Value = serde_json::from_slice(&output(&mut ask)?)
            .map_err(|error| Error::Failed(format!("cargo metadata printed no JSON: {error}")))?;
        Self::from_metadata(&metadata, package)
    }

    fn from_metadata(metadata: &Value, package: &str) -> Result<Self> {
        let packages: BTreeMap<PathBuf, &Value> =
            list(&metadata["packages"]).filter_map(|package| Some((directory_of(package)?, package))).collect();
        let (directory, found) = packages
            .iter()
            .find(|(_, value)| value["name"] == package)
            .ok_or_else(|| Error::Failed(format!("the workspace has no package {package}")))?;
        let library = list(&found["targets"])
            .find(|target| list(&target["kind"]).any(|kind| kind == "cdylib"))
            .and_then(|target| target["name"].as_str())
            .ok_or_else(|| Error::Failed(format!("{package} has no cdylib target, so it is not a program")))?;
        Ok(Program {
            manifest: directory.join("Cargo.toml"),
            library: library.to_owned(),
            workspace: path(&metadata["workspace_root"]),
            target_directory: path(&metadata["target_directory"]),
            sources: with_path_dependencies(directory, &packages),
        })
    }

    /// Adds everything of this checkout that decides what the program's binary is, except `Cargo.lock`.
    pub(crate) fn digest_sources(&self, digest: &mut Digest) -> Result<()> {
        let manifest = self.workspace.join("Cargo.toml");
        digest.bytes(&std::fs::read(&manifest).at("read", &manifest)?);
        for directory in &self.sources {
            digest.text(&directory.strip_prefix(&self.workspace).unwrap_or(directory).to_string_lossy());
            digest.tree(directory)?;
        }
        Ok(())
    }

    /// The versions of everything that is not in this checkout.
    pub(crate) fn digest_lock(&self, digest: &mut Digest) {
        // Without the file cargo is about to write it, and the hash is taken again afterwards.
        digest.bytes(&std::fs::read(self.workspace.join("Cargo.lock")).unwrap_or_default());
    }
}

fn with_path_dependencies(start: &Path, packages: &BTreeMap<PathBuf, &Value>) -> Vec<PathBuf> {
    let mut found = vec![start.to_path_buf()];
    let mut next = 0;
    while next < found.len() {
        let dependencies = packages.get(&found[next]).map(|package| &package["dependencies"]);
        for dependency in dependencies.into_iter().flat_map(list) {
            let Some(directory) = dependency["path"].as_str().map(PathBuf::from) else { continue };
            // Development dependencies take no part in a program.
            if dependency["kind"] != "dev" && !found.contains(&directory) {
                found.push(directory);
            }
        }
        next += 1;
    }
    found.sort();
    found
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn path(value: &Value) -> PathBuf {
    PathBuf::from(value.as_str().unwrap_or_default())
}

fn directory_of(package: &Value) -> Option<PathBuf> {
    Path::new(package["manifest_path"].as_str()?).parent().map(Path::to_path_buf)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn metadata() -> Value {
        let dependency = |name: &str, kind: Value| json!({ "name": name, "path": format!("/w/{name}"), "kind": kind });
        let package = |name: &str, kind: &str, dependencies: Vec<Value>| {
            json!({
                "name": name,
                "manifest_path": format!("/w/{name}/Cargo.toml"),
                "targets": [{ "name": name, "kind": [kind] }],
                "dependencies": dependencies,
            })
        };
        json!({
            "workspace_root": "/w",
            "target_directory": "/w/target",
            "packages": [
                package("program", "cdylib", vec![dependency("state", Value::Null), dependency("tests", json!("dev"))]),
                package("state", "lib", vec![dependency("risk", Value::Null), json!({ "name": "serde", "kind": null })]),
                package("risk", "lib", vec![]),
                package("tests", "lib", vec![]),
            ],
        })
    }

    #[test]
    fn the_sources_of_a_program_are_its_path_dependencies_without_development_ones() {
        let program = Program::from_metadata(&metadata(), "program").unwrap();
        assert_eq!(program.sources, ["/w/program", "/w/risk", "/w/state"].map(PathBuf::from));
    }

    #[test]
    fn a_package_that_is_no_program_is_refused() {
        let error = Program::from_metadata(&metadata(), "risk").unwrap_err().to_string();
        assert!(error.contains("no cdylib"), "{error}");
        let error = Program::from_metadata(&metadata(), "absent").unwrap_err().to_string();
        assert!(error.contains("no package absent"), "{error}");
    }
}
