// sbpf-abi: the calling convention for what does not fit into registers.
#include "Lowering.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/IR/InstIterator.h"
#include "llvm/IR/IntrinsicInst.h"
#include "llvm/IR/Module.h"
#include "llvm/IR/Verifier.h"

using namespace llvm;
using sbpf::entrySlot;

static constexpr unsigned MaxArgRegisters = 5;

namespace {

/// How a function type is passed.
struct Convention {
  FunctionType *Type = nullptr; // the new type; null where nothing changes
  bool IndirectReturn = false;
  unsigned InRegisters = 0;     // how many of the old parameters stay parameters
  StructType *Spill = nullptr;  // the others, or null
};

class Rewriter {
public:
  explicit Rewriter(Module &M) : M(M) {}
  void run();

private:
  Convention convention(FunctionType *FT);
  void rewriteDefinition(Function *F, const Convention &C);
  void rewriteCall(CallInst *Call, const Convention &C);
  void dropStructReturns();

  Module &M;
  DenseMap<FunctionType *, Convention> Known;
};

} // namespace

static unsigned registersOf(Type *T) {
  if (auto *S = dyn_cast<StructType>(T)) {
    unsigned N = 0;
    for (Type *Element : S->elements())
      N += registersOf(Element);
    return N;
  }
  if (auto *A = dyn_cast<ArrayType>(T))
    return A->getNumElements() * registersOf(A->getElementType());
  return T->isIntegerTy() ? (T->getIntegerBitWidth() + 63) / 64 : 1;
}

static Convention makeConvention(FunctionType *FT) {
  Convention C;
  Type *Return = FT->getReturnType();
  C.IndirectReturn = !Return->isVoidTy() && (Return->isAggregateType() || registersOf(Return) > 1);
  unsigned Used = C.IndirectReturn, Total = Used;
  for (Type *P : FT->params())
    Total += registersOf(P);
  C.InRegisters = FT->getNumParams();
  if (Total > MaxArgRegisters) {
    C.InRegisters = 0;
    for (Type *P : FT->params()) {
      // The last register points to what is spilled.
      if (Used + registersOf(P) > MaxArgRegisters - 1)
        break;
      Used += registersOf(P);
      ++C.InRegisters;
    }
    C.Spill = StructType::get(FT->getContext(), FT->params().drop_front(C.InRegisters));
  }
  if (!C.IndirectReturn && !C.Spill)
    return C;
  PointerType *Pointer = PointerType::getUnqual(FT->getContext());
  SmallVector<Type *, 6> Params;
  if (C.IndirectReturn)
    Params.push_back(Pointer);
  append_range(Params, FT->params().take_front(C.InRegisters));
  if (C.Spill)
    Params.push_back(Pointer);
  Type *NewReturn = C.IndirectReturn ? Type::getVoidTy(FT->getContext()) : Return;
  C.Type = FunctionType::get(NewReturn, Params, FT->isVarArg());
  return C;
}

Convention Rewriter::convention(FunctionType *FT) {
  auto [Place, IsNew] = Known.try_emplace(FT);
  if (IsNew)
    Place->second = makeConvention(FT);
  return Place->second;
}

static Function *createLike(Function *F, FunctionType *Type) {
  Function *N = Function::Create(Type, F->getLinkage(), F->getAddressSpace(), "", F->getParent());
  N->takeName(F);
  // Parameter attributes speak of positions that have moved, and the function now touches memory.
  N->setAttributes(AttributeList::get(F->getContext(), F->getAttributes().getFnAttrs(), {}, {}));
  N->removeFnAttr(Attribute::Memory);
  N->setCallingConv(F->getCallingConv());
  N->setVisibility(F->getVisibility());
  N->setDSOLocal(F->isDSOLocal());
  N->setSection(F->getSection());
  N->setSubprogram(F->getSubprogram());
  N->splice(N->begin(), F);
  return N;
}

static void returnThroughMemory(Function *F) {
  SmallVector<ReturnInst *, 4> Returns;
  for (BasicBlock &Block : *F)
    if (auto *R = dyn_cast<ReturnInst>(Block.getTerminator()))
      Returns.push_back(R);
  for (ReturnInst *R : Returns) {
    IRBuilder<> B(R);
    B.CreateStore(R->getReturnValue(), F->getArg(0));
    B.CreateRetVoid();
    R->eraseFromParent();
  }
}

void Rewriter::rewriteDefinition(Function *F, const Convention &C) {
  Function *N = createLike(F, C.Type);
  for (unsigned I = 0; I < F->arg_size(); ++I) {
    Argument *Old = F->getArg(I);
    if (I < C.InRegisters) {
      Argument *New = N->getArg(I + C.IndirectReturn);
      New->takeName(Old);
      Old->replaceAllUsesWith(New);
    } else if (!Old->use_empty() && !N->isDeclaration()) {
      BasicBlock &Entry = N->getEntryBlock();
      IRBuilder<> B(&Entry, Entry.getFirstInsertionPt());
      Value *Place = B.CreateStructGEP(C.Spill, N->getArg(N->arg_size() - 1), I - C.InRegisters);
      Old->replaceAllUsesWith(B.CreateLoad(Old->getType(), Place));
    }
  }
  if (C.IndirectReturn)
    returnThroughMemory(N);
  F->replaceAllUsesWith(N);
  F->eraseFromParent();
}

void Rewriter::rewriteCall(CallInst *Call, const Convention &C) {
  Function *F = Call->getFunction();
  Type *Return = Call->getType();
  IRBuilder<> B(Call);
  SmallVector<Value *, 6> Args;
  AllocaInst *Result = C.IndirectReturn ? entrySlot(F, Return) : nullptr;
  if (Result)
    Args.push_back(Result);
  for (unsigned I = 0; I < C.InRegisters; ++I)
    Args.push_back(Call->getArgOperand(I));
  if (C.Spill) {
    AllocaInst *Spilled = entrySlot(F, C.Spill);
    for (unsigned I = C.InRegisters; I < Call->arg_size(); ++I)
      B.CreateStore(Call->getArgOperand(I), B.CreateStructGEP(C.Spill, Spilled, I - C.InRegisters));
    Args.push_back(Spilled);
  }
  CallInst *N = B.CreateCall(C.Type, Call->getCalledOperand(), Args);
  LLVMContext &Context = Call->getContext();
  AttributeSet Attributes = Call->getAttributes().getFnAttrs().removeAttribute(Context, Attribute::Memory);
  N->setAttributes(AttributeList::get(Context, Attributes, {}, {}));
  N->setCallingConv(Call->getCallingConv());
  N->setDebugLoc(Call->getDebugLoc());
  if (!Return->isVoidTy())
    Call->replaceAllUsesWith(Result ? (Value *)B.CreateLoad(Return, Result) : N);
  Call->eraseFromParent();
}

// The attribute asks the backend for a convention of its own; a pointer is all that is meant.
void Rewriter::dropStructReturns() {
  auto Without = [&](AttributeList A, unsigned Count) {
    for (unsigned I = 0; I < Count; ++I)
      A = A.removeParamAttribute(M.getContext(), I, Attribute::StructRet);
    return A;
  };
  for (Function &F : M) {
    if (F.isIntrinsic())
      continue;
    F.setAttributes(Without(F.getAttributes(), F.arg_size()));
    for (Instruction &I : instructions(F))
      if (auto *Call = dyn_cast<CallInst>(&I); Call && !isa<IntrinsicInst>(Call))
        Call->setAttributes(Without(Call->getAttributes(), Call->arg_size()));
  }
}

void Rewriter::run() {
  SmallVector<CallInst *, 64> Calls;
  SmallVector<Function *, 64> Functions;
  for (Function &F : M) {
    if (F.isIntrinsic())
      continue;
    if (convention(F.getFunctionType()).Type)
      Functions.push_back(&F);
    for (Instruction &I : instructions(F))
      if (auto *Call = dyn_cast<CallInst>(&I); Call && !Call->isInlineAsm() && !isa<IntrinsicInst>(Call))
        if (convention(Call->getFunctionType()).Type)
          Calls.push_back(Call);
  }
  dropStructReturns();
  for (CallInst *Call : Calls)
    rewriteCall(Call, convention(Call->getFunctionType()));
  for (Function *F : Functions)
    rewriteDefinition(F, convention(F->getFunctionType()));
}

PreservedAnalyses sbpf::AbiPass::run(Module &M, ModuleAnalysisManager &) {
  Rewriter(M).run();
  if (verifyModule(M, &errs()))
    report_fatal_error("sbpf-abi: produced invalid IR");
  return PreservedAnalyses::none();
}
