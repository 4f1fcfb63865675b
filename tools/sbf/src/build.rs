//! One build, from request to report.

use crate::bitcode;
use crate::digest::Digest;
use crate::error::{AtPath, Result};
use crate::link::{self, Linked};
use crate::lower::lower;
use crate::official;
use crate::report::BuildReport;
use crate::request::{recreate, BuildRequest};
use crate::sizes::Sizes;
use crate::support::Support;
use crate::toolchain::{OwnToolchain, Toolchain};
use crate::workspace::Program;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

/// How many finished builds of one program are kept.
const KEPT_BUILDS: usize = 6;

/// Builds a program, or takes it from the cache where nothing it is made from has changed.
pub fn build(toolchain: &Toolchain, request: &BuildRequest) -> Result<BuildReport> {
    let program = Program::find(&request.workspace, &request.package)?;
    let directory = program.target_directory.join("sbf");
    fs::create_dir_all(&directory).at("create", &directory)?;
    // Two builds at once would share cargo's output file; the second then finds the first one's result in the cache.
    let lock = directory.join("plimsoll-sbf.lock");
    let held = File::create(&lock).at("create", &lock)?;
    held.lock().at("lock", &lock)?;

    let recipe = Recipe::new(toolchain, request)?;
    let sources = recipe.digest_sources(&program)?;
    let cache = Cache { directory: directory.join("built"), prefix: format!("{}-{}", request.package, request.arch) };
    let key = recipe.key(&sources, &program);
    if let Some(report) = cache.load(&key, request)? {
        return Ok(report);
    }
    let built = recipe.run(&program, request, &directory.join("work").join(&request.package));
    if built.is_err() && request.out.exists() {
        // An older program left in place would be tested and deployed as if it were this one.
        fs::remove_file(&request.out).at("remove", &request.out)?;
    }
    let (elf, report) = built?;
    // Cargo may have completed Cargo.lock meanwhile; the sources are those from before, so an edit during the
    // build cannot be taken for what was built.
    cache.store(&recipe.key(&sources, &program), &elf, &report)?;
    write(&request.out, &elf)?;
    Ok(report)
}

/// A toolchain and everything about it and the request that decides the output.
struct Recipe<'a> {
    builder: Builder<'a>,
    identity: String,
}

enum Builder<'a> {
    Official(&'a Path),
    Own(&'a OwnToolchain, Support),
}

impl<'a> Recipe<'a> {
    fn new(toolchain: &'a Toolchain, request: &BuildRequest) -> Result<Self> {
        let mut digest = Digest::new("recipe");
        digest.text(&toolchain.describe());
        digest.text(&request.package);
        digest.text(&request.arch.to_string());
        request.features.iter().for_each(|feature| digest.text(feature));
        let builder = match toolchain {
            Toolchain::Official { program, .. } => Builder::Official(program),
            Toolchain::Own(own) => {
                let support = Support::prepare(own)?;
                digest.text(&support.key);
                // The linker and the order of passes are part of this executable.
                digest.text(include_str!("lower.rs"));
                digest.text(include_str!("peephole.rs"));
                // Not the program, but what is kept beside it: an earlier attribution is not shown as this one's.
                digest.text(include_str!("sizes.rs"));
                digest.text(concat!(
                    include_str!("link/mod.rs"),
                    include_str!("link/image.rs"),
                    include_str!("link/input.rs"),
                    include_str!("link/relocate.rs"),
                    include_str!("link/v0.rs"),
                    include_str!("link/v3.rs"),
                    include_str!("bitcode.rs"),
                ));
                Builder::Own(own, support)
            }
        };
        Ok(Recipe { builder, identity: digest.finish() })
    }

    fn digest_sources(&self, program: &Program) -> Result<String> {
        let mut digest = Digest::new("sources");
        digest.text(&self.identity);
        program.digest_sources(&mut digest)?;
        Ok(digest.finish())
    }

    fn key(&self, sources: &str, program: &Program) -> String {
        let mut digest = Digest::new("program");
        digest.text(sources);
        program.digest_lock(&mut digest);
        digest.finish()
    }

    fn run(&self, program: &Program, request: &BuildRequest, work: &Path) -> Result<(Vec<u8>, BuildReport)> {
        let report = BuildReport {
            package: request.package.clone(),
            arch: request.arch,
            out: request.out.clone(),
            ..BuildReport::default()
        };
        match &self.builder {
            Builder::Official(cargo_build_sbf) => {
                let elf = official::build(cargo_build_sbf, program, request, work)?;
                let bytes = elf.len() as u64;
                Ok((elf, BuildReport { bytes, ..report }))
            }
            Builder::Own(own, support) => {
                let bitcode = bitcode::compile(own, support, program, &request.features)?;
                recreate(work)?;
                let object = lower(own, support, &bitcode, work)?;
                let Linked { elf, text_bytes, frames } = link::link(&object, request.arch)?;
                let sizes = Some(Sizes::read(&object, &program.library)?);
                // The modules and the object of the last step are what a question about size or frames starts from.
                if std::env::var_os("PLIMSOLL_SBF_KEEP").is_none() {
                    fs::remove_dir_all(work).at("remove", work)?;
                }
                let bytes = elf.len() as u64;
                Ok((elf, BuildReport { bytes, text_bytes: Some(text_bytes), frames, sizes, ..report }))
            }
        }
    }
}

fn write(out: &Path, elf: &[u8]) -> Result<()> {
    // An unchanged file keeps its time, so that nothing that depends on it is built again.
    if fs::read(out).is_ok_and(|present| present == elf) {
        return Ok(());
    }
    if let Some(directory) = out.parent() {
        fs::create_dir_all(directory).at("create", directory)?;
    }
    fs::write(out, elf).at("write", out)
}

/// Finished builds, beside cargo's own output so that `cargo clean` removes them too.
struct Cache {
    directory: PathBuf,
    prefix: String,
}

impl Cache {
    fn file(&self, key: &str, extension: &str) -> PathBuf {
        self.directory.join(format!("{}-{key}.{extension}", self.prefix))
    }

    fn load(&self, key: &str, request: &BuildRequest) -> Result<Option<BuildReport>> {
        let Ok(elf) = fs::read(self.file(key, "so")) else { return Ok(None) };
        let Some(report) =
            fs::read_to_string(self.file(key, "json")).ok().and_then(|text| BuildReport::from_json(&text))
        else {
            return Ok(None);
        };
        write(&request.out, &elf)?;
        let package = request.package.clone();
        Ok(Some(BuildReport { package, arch: request.arch, out: request.out.clone(), cached: true, ..report }))
    }

    fn store(&self, key: &str, elf: &[u8], report: &BuildReport) -> Result<()> {
        fs::create_dir_all(&self.directory).at("create", &self.directory)?;
        // The report goes first: an entry counts as present once its program is there.
        let json = self.file(key, "json");
        fs::write(&json, report.to_json()).at("write", &json)?;
        let so = self.file(key, "so");
        fs::write(&so, elf).at("write", &so)?;
        self.forget_old()
    }

    fn forget_old(&self) -> Result<()> {
        let entries = fs::read_dir(&self.directory).at("list", &self.directory)?.flatten();
        let mine = entries.map(|entry| entry.path()).filter(|path| {
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            name.starts_with(&format!("{}-", self.prefix)) && name.ends_with(".so")
        });
        let mut dated: Vec<_> =
            mine.filter_map(|path| Some((fs::metadata(&path).ok()?.modified().ok()?, path))).collect();
        dated.sort_by(|one, other| other.cmp(one));
        for (_, path) in dated.into_iter().skip(KEPT_BUILDS) {
            fs::remove_file(&path).at("remove", &path)?;
            let json = path.with_extension("json");
            fs::remove_file(&json).at("remove", &json)?;
        }
        Ok(())
    }
}
