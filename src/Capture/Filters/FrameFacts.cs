using ECapture.Events.V1;

namespace ECapture.Capture.Filters;

/// <summary>What is known of a frame beside its bytes.</summary>
internal readonly record struct FrameFacts(Direction Direction, string Interface, uint InterfaceIndex, uint LinkType, uint OriginalLength);
