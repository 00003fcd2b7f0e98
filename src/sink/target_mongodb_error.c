/* target_mongodb_error.c -- what MongoDB's errors mean to a sink. */
#include "sink/target_mongodb.h"

bool mongodb_is_passing(int64_t code)
{
    static const int codes[] = {
        6,     /* HostUnreachable */
        7,     /* HostNotFound */
        50,    /* MaxTimeMSExpired */
        64,    /* WriteConcernFailed */
        89,    /* NetworkTimeout */
        91,    /* ShutdownInProgress */
        112,   /* WriteConflict */
        134,   /* ReadConcernMajorityNotAvailableYet */
        189,   /* PrimarySteppedDown */
        251,   /* NoSuchTransaction */
        262,   /* ExceededTimeLimit */
        9001,  /* SocketException */
        10058, /* LegacyNotPrimary */
        10107, /* NotWritablePrimary */
        11600, /* InterruptedAtShutdown */
        11602, /* InterruptedDueToReplStateChange */
        13435, /* NotPrimaryNoSecondaryOk */
        13436, /* NotPrimaryOrSecondary */
    };
    for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++)
        if (codes[i] == code)
            return true;
    return false;
}

enum err mongodb_err(const struct mongodb_target *self, const bson_error_t *error,
                     const char *doing, struct why *why)
{
    enum err err = ERR_INVALID;
    switch (error->domain) {
    case MONGOC_ERROR_STREAM:
    case MONGOC_ERROR_SERVER_SELECTION:
    case MONGOC_ERROR_WRITE_CONCERN:
    case MONGOC_ERROR_TRANSACTION:
        err = ERR_UNAVAILABLE;
        break;
    case MONGOC_ERROR_CLIENT:
        err = error->code == MONGOC_ERROR_CLIENT_AUTHENTICATE ? ERR_DENIED : ERR_UNAVAILABLE;
        break;
    case MONGOC_ERROR_SCRAM:
    case MONGOC_ERROR_SASL:
        err = ERR_DENIED;
        break;
    case MONGOC_ERROR_COMMAND:
    case MONGOC_ERROR_QUERY:
    case MONGOC_ERROR_SERVER:
        if (error->code == 18 || error->code == 13 || error->code == 8000)
            err = ERR_DENIED; /* AuthenticationFailed, Unauthorized, Atlas's own */
        else if (error->code == 14031)
            err = ERR_FULL; /* OutOfDiskSpace */
        else if (mongodb_is_passing(error->code))
            err = ERR_UNAVAILABLE;
        break;
    default:
        break;
    }
    return why_set(why, err, "MongoDB at %s: cannot %s: %s", self->address, doing, error->message);
}
