// The passes of the plugin and what they share.
#pragma once

#include "llvm/IR/IRBuilder.h"
#include "llvm/IR/Instructions.h"
#include "llvm/IR/PassManager.h"
#include "llvm/Support/Casting.h"

namespace sbpf {

/// Replaces operations the BPF backend can only express as library calls (128-bit products and quotients, signed
/// division, floating point, large copies, traps) with direct calls of named functions.
struct LibcallPass : llvm::PassInfoMixin<LibcallPass> {
  llvm::PreservedAnalyses run(llvm::Module &M, llvm::ModuleAnalysisManager &);
  static bool isRequired() { return true; }
};

/// Rewrites every signature that needs more than five argument registers or returns more than one, so that the
/// values that do not fit travel through memory. The rewrite depends on the function type alone, so direct and
/// indirect calls always agree.
struct AbiPass : llvm::PassInfoMixin<AbiPass> {
  llvm::PreservedAnalyses run(llvm::Module &M, llvm::ModuleAnalysisManager &);
  static bool isRequired() { return true; }
};

/// What an instruction becomes. `Replaced` is set even where there is no value, as for a trap.
struct Lowering {
  bool Replaced = false;
  llvm::Value *With = nullptr;

  static Lowering none() { return {}; }
  static Lowering to(llvm::Value *V) { return {true, V}; }
  static Lowering away() { return {true, nullptr}; }
};

/// A call of a function of the runtime or of compiler-builtins, declared where it is not known yet.
llvm::Value *callRuntime(llvm::IRBuilder<> &B, const llvm::Twine &Name, llvm::Type *Ret,
                         llvm::ArrayRef<llvm::Value *> Args);

/// Room on the stack, reserved where the function starts so that a loop does not reserve it again.
llvm::AllocaInst *entrySlot(llvm::Function *F, llvm::Type *T);

/// The next of 32, 64 and 128 bits: the widths library functions exist for.
unsigned libraryWidth(unsigned Bits);

Lowering lowerFloat(llvm::IRBuilder<> &B, llvm::Instruction &I);
/// A conversion that saturates, for the intrinsics of that name.
Lowering lowerSaturatingConversion(llvm::IRBuilder<> &B, llvm::Value *From, llvm::Type *To, bool Signed);
/// The larger or the smaller of two numbers.
Lowering lowerFloatExtreme(llvm::IRBuilder<> &B, llvm::Value *X, llvm::Value *Y, bool Largest);
Lowering lowerInteger(llvm::IRBuilder<> &B, llvm::BinaryOperator &I);
Lowering lowerMulWithOverflow(llvm::IRBuilder<> &B, llvm::CallBase &I, bool Signed);

} // namespace sbpf
