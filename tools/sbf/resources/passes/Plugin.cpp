// Registers the passes under the names that the pipeline uses.
#include "Lowering.h"
#include "llvm/Passes/PassBuilder.h"
#if __has_include("llvm/Plugins/PassPlugin.h")
#include "llvm/Plugins/PassPlugin.h"
#else
#include "llvm/Passes/PassPlugin.h"
#endif

using namespace llvm;

static bool addPass(StringRef Name, ModulePassManager &Passes, ArrayRef<PassBuilder::PipelineElement>) {
  if (Name == "sbpf-libcalls") {
    Passes.addPass(sbpf::LibcallPass());
    return true;
  }
  if (Name == "sbpf-abi") {
    Passes.addPass(sbpf::AbiPass());
    return true;
  }
  return false;
}

extern "C" LLVM_ATTRIBUTE_WEAK PassPluginLibraryInfo llvmGetPassPluginInfo() {
  return {LLVM_PLUGIN_API_VERSION, "SbpfLowering", "1",
          [](PassBuilder &Builder) { Builder.registerPipelineParsingCallback(addPass); }};
}
