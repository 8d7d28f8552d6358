namespace ECapture.Storage.Reading;

/// <summary>What joins packets, sockets and secrets: the flow id in its network namespace on its host.</summary>
public readonly record struct FlowKey(string Host, uint NetworkNamespace, ulong Flow);
