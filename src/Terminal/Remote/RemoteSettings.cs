using ECapture.Capture.Bpf;
using ECapture.Capture.Filters;
using ECapture.Terminal.Text;

namespace ECapture.Terminal.Remote;

/// <summary>What may be changed while a command runs.</summary>
/// <param name="Rules">What is shown.</param>
/// <param name="Text">How much of it, and how.</param>
/// <param name="ExitStatus">Of shells' commands, only those that ended with it; null: all.</param>
/// <param name="Debug">More is said on standard error.</param>
/// <param name="Objects">The BPF objects, with kernel types or without.</param>
internal sealed record RemoteSettings(CaptureRules Rules, TextOptions Text, int? ExitStatus = null, bool Debug = false, BtfMode Objects = BtfMode.Types);
