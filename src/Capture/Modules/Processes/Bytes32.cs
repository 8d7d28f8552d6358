using System.Runtime.CompilerServices;

namespace ECapture.Capture.Modules.Processes;

/// <summary>Thirty-two bytes in place.</summary>
[InlineArray(32)]
internal struct Bytes32
{
    private byte _first;
}
