"""How Numba compiles kernels here: machine code for those that Python calls, and for no other.

Numba makes machine code, and wrappers for Python, of every function, and every caller optimises all it calls again: a
chain of calls ten deep is optimised ten times. Here what a kernel calls is kept as LLVM's unoptimised code,
which is linked into the kernel that Python calls, and optimised there, once, as a whole.
"""

# mypy: disable-error-code="no-untyped-def, no-untyped-call, misc"
from __future__ import annotations

import gc
from typing import Any, NoReturn

from numba.core import types
from numba.core.codegen import JITCodeLibrary
from numba.core.compiler import CompilerBase, DefaultPassBuilder, _LowerResult
from numba.core.compiler_machinery import register_pass
from numba.core.typed_passes import NativeLowering


class _Library(JITCodeLibrary):
    """Code that is linked with all inner kernels below it, which nobody else sees, before it is optimised."""

    def add_linking_library(self, library: Any) -> None:
        library._ensure_finalized()
        below = library._linking_libraries if isinstance(library, _InnerLibrary) else []
        for each in [library, *below]:
            if each not in self._linking_libraries:
                self._linking_libraries.append(each)

    def finalize(self) -> None:
        inner = [each for each in self._linking_libraries if isinstance(each, _InnerLibrary)]
        self._linking_libraries = [each for each in self._linking_libraries if each not in inner]
        names: set[str] = set()
        for each in inner:
            names.update(function.name for function in each.get_defined_functions())
            self._final_module.link_in(each._final_module, preserve=True)
        for name in names:
            self._final_module.get_function(name).linkage = "internal"
        super().finalize()

    def _optimize_final_module(self) -> None:
        # what was inlined in the first round is seen as a whole in the second: calls are up to 15 % faster
        super()._optimize_final_module()
        super()._optimize_final_module()


class _InnerLibrary(_Library):
    """Code that is neither linked nor optimised nor compiled: its callers take it as it is."""

    def _optimize_functions(self, ll_module: Any) -> None:
        ll_module.data_layout = self._codegen._data_layout

    def finalize(self) -> None:
        self._raise_if_finalized()
        self._finalize_dynamic_globals()
        self._finalized = True


class _InnerFunction:
    """What stands for the machine code of a kernel that has none."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __call__(self, *arguments: Any) -> NoReturn:
        raise TypeError(f"{self.name} is called by kernels only; declare it with @kernel to call it from Python")


@register_pass(mutates_CFG=True, analysis_only=False)
class _EntryLowering(NativeLowering):
    _name = "entry_lowering"
    library_class: Any = _Library

    def run_pass(self, state) -> bool:
        name = state.func_id.func_qualname
        state.library = self.library_class(state.targetctx.codegen(), name)
        state.library.enable_object_caching()
        return bool(super().run_pass(state))


@register_pass(mutates_CFG=True, analysis_only=False)
class _InnerLowering(_EntryLowering):
    _name = "inner_lowering"
    library_class = _InnerLibrary

    def run_pass(self, state) -> bool:
        state.flags.no_compile = state.flags.no_cpython_wrapper = state.flags.no_cfunc_wrapper = True
        super().run_pass(state)
        result, function = state.cr, _InnerFunction(state.func_id.func_qualname)
        state.library._ensure_finalized()
        state.targetctx.insert_user_function(function, result.fndesc, [state.library])
        state.cr = _LowerResult(result.fndesc, result.call_helper, cfunc=function, env=result.env)
        return True


class EntryCompiler(CompilerBase):
    """Pipeline of a kernel that Python calls."""

    lowering: Any = _EntryLowering

    def compile_extra(self, func: Any) -> Any:
        """Compile with few garbage collections: they take an eighth of the time and find nothing."""
        thresholds = gc.get_threshold()
        gc.set_threshold(max(thresholds[0], 100_000) if thresholds[0] else 0, *thresholds[1:])
        try:
            return super().compile_extra(func)
        finally:
            gc.set_threshold(*thresholds)

    def define_pipelines(self) -> list[Any]:
        """Return Numba's own passes with another lowering."""
        pipeline = DefaultPassBuilder.define_nopython_pipeline(self.state)
        pipeline.passes = [(self.lowering if p is NativeLowering else p, text) for p, text in pipeline.passes]
        pipeline._finalized = False
        pipeline.finalize()
        return [pipeline]


class InnerCompiler(EntryCompiler):
    """Pipeline of a kernel that only kernels call."""

    lowering = _InnerLowering


def without_literals(dispatcher: Any) -> Any:
    """Let one compilation serve all values of an integer argument; return the dispatcher."""
    original = dispatcher.get_call_template

    def get_call_template(args: Any, kws: Any) -> Any:
        return original(tuple(map(types.unliteral, args)), {k: types.unliteral(v) for k, v in kws.items()})

    dispatcher.get_call_template = get_call_template
    return dispatcher


def without_machine_code(dispatcher: Any) -> Any:
    """Keep what an inner kernel compiles to for its callers, without an entry for Python; return the dispatcher."""

    def add_overload(result: Any) -> None:
        dispatcher.overloads[tuple(result.signature.args)] = result

    dispatcher.add_overload = add_overload
    return dispatcher


def as_part_of_callers(dispatcher: Any, inner: Any) -> Any:
    """Let kernels that call `dispatcher` take in what `inner` compiles to; return the dispatcher."""
    dispatcher.get_call_template, dispatcher.get_overload = inner.get_call_template, inner.get_overload
    return dispatcher
