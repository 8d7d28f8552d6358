namespace ECapture.Capture.Modules.Tls.Earlier;

/// <summary>A connection object that a process used.</summary>
/// <param name="Pid">The process.</param>
/// <param name="Address">Of the object.</param>
/// <param name="Library">Whose it is; null: Go's, of which nothing has to be learned.</param>
/// <param name="LibraryName">As events name it.</param>
/// <param name="Connection">Connection id of the agent run; 0: nobody saw it used.</param>
internal sealed record ObjectUse(int Pid, ulong Address, AttachedLibrary? Library, string LibraryName, ulong Connection);
