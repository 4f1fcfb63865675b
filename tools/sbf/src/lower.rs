//! Turns one LLVM module into a BPF object: the passes of `resources/`, LLVM's optimiser and its code generator.

use crate::bitcode::{unpack, Bitcode};
use crate::error::{AtPath, Error, Result};
use crate::peephole::shorten;
use crate::process::output;
use crate::support::Support;
use crate::toolchain::OwnToolchain;
use std::fs;
use std::path::{Path, PathBuf};

/// What later passes may still call, so that removing dead code must spare it.
const KEPT: &str = "entrypoint,SECURITY_TXT,memcpy,memmove,memset,memcmp,bcmp,\
                    __multi3,__udivti3,__divti3,__umodti3,__modti3,__muloti4,__sbpf_umuloti4,__sbpf_umulhi128";

/// What the finished program keeps: where it starts, and whom to tell of a hole in it (`solana-security-txt`).
const PUBLIC: &str = "entrypoint,SECURITY_TXT";

/// Each round of lowering can call routines that themselves need lowering: floats reach 128-bit products, those reach
/// shifts, and there the chain ends.
const LOWERING_ROUNDS: u32 = 3;

/// LLVM's own limit names no function in its message; the linker's check does, so LLVM's is set out of the way.
const LLVM_STACK_LIMIT: &str = "-bpf-stack-size=32760";

/// Lowers the module inside `work`, a directory of this build alone, and returns the object's bytes.
pub(crate) fn lower(toolchain: &OwnToolchain, support: &Support, bitcode: &Bitcode, work: &Path) -> Result<Vec<u8>> {
    let pipeline = Pipeline { toolchain, support, work };
    let builtins = pipeline.builtins(&bitcode.builtins)?;
    pipeline.optimise("function(lower-atomic),sbpf-libcalls", "", &bitcode.module, "lowered.bc")?;
    for _ in 0..LOWERING_ROUNDS {
        let linked = pipeline.add_routines("lowered.bc", &builtins)?;
        let passes = "internalize,globaldce,function(lower-atomic),sbpf-libcalls";
        pipeline.optimise(passes, KEPT, &linked, "lowered.bc")?;
    }
    let lowered = work.join("lowered.bc");
    pipeline.optimise(
        "internalize,globaldce,default<O2>,mergefunc,globaldce,sbpf-libcalls,function(dce)",
        KEPT,
        &lowered,
        "optimised.bc",
    )?;
    let linked = pipeline.add_routines("optimised.bc", &builtins)?;
    pipeline.optimise("internalize,globaldce,sbpf-libcalls,sbpf-abi,globaldce", PUBLIC, &linked, "final.bc")?;
    pipeline.generate("final.bc", "final.o")
}

struct Pipeline<'a> {
    toolchain: &'a OwnToolchain,
    support: &'a Support,
    work: &'a Path,
}

impl Pipeline<'_> {
    fn optimise(&self, passes: &str, keep: &str, input: &Path, to: &str) -> Result<()> {
        let mut opt = self.toolchain.llvm.tool("opt");
        opt.arg("-load-pass-plugin").arg(self.support.plugin()).arg(format!("-passes={passes}"));
        if !keep.is_empty() {
            opt.arg(format!("-internalize-public-api-list={keep}"));
        }
        output(opt.arg(input).arg("-o").arg(self.work.join(to))).map(|_| ())
    }

    fn link(&self, only_needed: bool, inputs: &[PathBuf], to: &str) -> Result<PathBuf> {
        let linked = self.work.join(to);
        let mut link = self.toolchain.llvm.tool("llvm-link");
        if only_needed {
            link.arg("--only-needed");
        }
        output(link.args(inputs).arg("-o").arg(&linked))?;
        Ok(linked)
    }

    fn builtins(&self, library: &Path) -> Result<PathBuf> {
        let directory = self.work.join("builtins");
        fs::create_dir_all(&directory).at("create", &directory)?;
        let modules = unpack(library, &directory)?;
        if modules.is_empty() {
            return Err(Error::Failed(format!("{} contains no bitcode", library.display())));
        }
        self.link(false, &modules, "builtins.bc")
    }

    /// Our own routines first: they are faster on this machine than the general ones.
    fn add_routines(&self, module: &str, builtins: &Path) -> Result<PathBuf> {
        let with_runtime = self.link(true, &[self.work.join(module), self.support.runtime()], "with-runtime.bc")?;
        self.link(true, &[with_runtime, builtins.to_path_buf()], "with-routines.bc")
    }

    fn generate(&self, module: &str, to: &str) -> Result<Vec<u8>> {
        let (assembly, object) = (self.work.join("final.s"), self.work.join(to));
        let mut llc = self.toolchain.llvm.tool("llc");
        llc.args(["-march=bpfel", "-mcpu=v2", "-mattr=+allows-misaligned-mem-access", "-O2", "-filetype=asm"])
            .args([LLVM_STACK_LIMIT, "-stack-size-section", "-bpf-disable-trap-unreachable"])
            .arg(self.work.join(module))
            .arg("-o")
            .arg(&assembly);
        output(&mut llc)?;
        let text = fs::read_to_string(&assembly).at("read", &assembly)?;
        fs::write(&assembly, shorten(&text)).at("write", &assembly)?;
        // `alu32` lets the assembler read the one such instruction that `shorten` writes.
        let mut assembler = self.toolchain.llvm.tool("llvm-mc");
        assembler.args(["-triple=bpfel", "-mcpu=v2", "-mattr=+alu32,+allows-misaligned-mem-access", "-filetype=obj"]);
        output(assembler.arg(&assembly).arg("-o").arg(&object))?;
        fs::read(&object).at("read", &object)
    }
}
