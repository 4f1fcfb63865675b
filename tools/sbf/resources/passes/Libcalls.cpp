// sbpf-libcalls: walks the module until nothing is left that the backend could not express.
#include "Lowering.h"
#include "llvm/IR/InstIterator.h"
#include "llvm/IR/IntrinsicInst.h"
#include "llvm/IR/Module.h"

using namespace llvm;
using namespace sbpf;

// Up to here copying in line is cheaper than a system call.
static constexpr uint64_t InlineMemBytes = 128;

Value *sbpf::callRuntime(IRBuilder<> &B, const Twine &Name, Type *Ret, ArrayRef<Value *> Args) {
  SmallVector<Type *, 4> Types;
  for (Value *A : Args)
    Types.push_back(A->getType());
  Module *M = B.GetInsertBlock()->getModule();
  return B.CreateCall(M->getOrInsertFunction(Name.str(), FunctionType::get(Ret, Types, false)), Args);
}

AllocaInst *sbpf::entrySlot(Function *F, Type *T) {
  BasicBlock &Entry = F->getEntryBlock();
  return IRBuilder<>(&Entry, Entry.getFirstInsertionPt()).CreateAlloca(T);
}

unsigned sbpf::libraryWidth(unsigned Bits) { return Bits <= 32 ? 32 : Bits <= 64 ? 64 : 128; }

static bool isShort(const MemIntrinsic &I) {
  auto *Length = dyn_cast<ConstantInt>(I.getLength());
  return Length && Length->getZExtValue() <= InlineMemBytes;
}

static Lowering lowerMemory(IRBuilder<> &B, MemIntrinsic &I) {
  if (isShort(I))
    return Lowering::none();
  Value *Length = B.CreateZExtOrTrunc(I.getLength(), B.getInt64Ty());
  if (auto *Set = dyn_cast<MemSetInst>(&I)) {
    Value *Byte = B.CreateZExt(Set->getValue(), B.getInt64Ty());
    callRuntime(B, "sol_memset_", B.getVoidTy(), {Set->getRawDest(), Byte, Length});
  } else {
    Value *Source = cast<MemTransferInst>(I).getRawSource();
    callRuntime(B, "sol_memmove_", B.getVoidTy(), {I.getRawDest(), Source, Length});
  }
  return Lowering::away();
}

static Lowering lowerIntrinsic(IRBuilder<> &B, IntrinsicInst &I) {
  switch (I.getIntrinsicID()) {
  case Intrinsic::trap:
  case Intrinsic::debugtrap:
    callRuntime(B, "abort", B.getVoidTy(), {});
    return Lowering::away();
  case Intrinsic::umul_with_overflow:
    return lowerMulWithOverflow(B, I, false);
  case Intrinsic::smul_with_overflow:
    return lowerMulWithOverflow(B, I, true);
  case Intrinsic::memcpy:
  case Intrinsic::memmove:
  case Intrinsic::memset:
    return lowerMemory(B, cast<MemIntrinsic>(I));
  case Intrinsic::fptoui_sat:
    return lowerSaturatingConversion(B, I.getArgOperand(0), I.getType(), false);
  case Intrinsic::fptosi_sat:
    return lowerSaturatingConversion(B, I.getArgOperand(0), I.getType(), true);
  case Intrinsic::maxnum:
  case Intrinsic::maximumnum:
    return lowerFloatExtreme(B, I.getArgOperand(0), I.getArgOperand(1), true);
  case Intrinsic::minnum:
  case Intrinsic::minimumnum:
    return lowerFloatExtreme(B, I.getArgOperand(0), I.getArgOperand(1), false);
  default:
    return Lowering::none();
  }
}

static Lowering lowerInstruction(Instruction &I) {
  IRBuilder<> B(&I);
  if (auto *Call = dyn_cast<IntrinsicInst>(&I))
    return lowerIntrinsic(B, *Call);
  if (auto *Op = dyn_cast<BinaryOperator>(&I); Op && Op->getType()->isIntegerTy())
    return lowerInteger(B, *Op);
  return lowerFloat(B, I);
}

static bool lowerFunction(Function &F) {
  SmallVector<Instruction *, 32> Work;
  for (Instruction &I : instructions(F))
    Work.push_back(&I);
  bool Changed = false;
  for (Instruction *I : Work) {
    Lowering L = lowerInstruction(*I);
    if (!L.Replaced)
      continue;
    if (L.With)
      I->replaceAllUsesWith(L.With);
    I->eraseFromParent();
    Changed = true;
  }
  return Changed;
}

PreservedAnalyses LibcallPass::run(Module &M, ModuleAnalysisManager &) {
  bool Any = false;
  // What replaces one operation may contain another: a signed quotient becomes an unsigned one of 128 bits.
  for (bool Changed = true; Changed; Any |= Changed) {
    Changed = false;
    for (Function &F : M)
      Changed |= lowerFunction(F);
  }
  return Any ? PreservedAnalyses::none() : PreservedAnalyses::all();
}
