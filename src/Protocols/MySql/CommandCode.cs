namespace ECapture.Protocols.MySql;

/// <summary>The first byte of a client's packet number 0 (MySQL internals, "Command Phase"; MariaDB, "Text protocol", "Binary protocol").</summary>
internal enum CommandCode : byte
{
    Quit = 0x01,
    InitDatabase = 0x02,
    Query = 0x03,
    FieldList = 0x04,
    ProcessInfo = 0x0a,
    ChangeUser = 0x11,
    BinlogDump = 0x12,
    TableDump = 0x13,
    Prepare = 0x16,
    Execute = 0x17,
    SendLongData = 0x18,
    Close = 0x19,
    ResetStatement = 0x1a,
    Fetch = 0x1c,
    BinlogDumpGtid = 0x1e,
    ResetConnection = 0x1f,
    BulkExecute = 0xfa,
}
