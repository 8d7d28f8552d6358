namespace ECapture.Capture.Bpf;

/// <summary>The sets of BPF objects that are built of the same sources (bpf/include/kernel.h).</summary>
public enum ObjectSet
{
    /// <summary>For kernels that hold their own types.</summary>
    Kernel,

    /// <summary>Fitted to the kernel by types in a file.</summary>
    File,

    /// <summary>Without kernel types.</summary>
    Plain,
}

/// <summary>Which set a user wants: eCapture's <c>--btf</c> with its numbers.</summary>
public enum BtfMode
{
    /// <summary>The best that the kernel allows.</summary>
    Auto = 0,

    /// <summary>One with kernel types: those of a file where one is given, else the kernel's own.</summary>
    Types = 1,

    /// <summary>The one without.</summary>
    None = 2,
}
