/* dc=example,dc=org: people with passwords, groups in groups, and what directories hold besides. */
#pragma once

#define SLAPD_BASE "dc=example,dc=org"
#define SLAPD_PEOPLE "ou=people,dc=example,dc=org"
#define SLAPD_GROUPS "ou=groups,dc=example,dc=org"
#define SLAPD_READER "cn=reader,dc=example,dc=org"
#define SLAPD_READER_PASSWORD "reads-all 3"

#define PERSON(name, password)                                                                                         \
    "dn: uid=" name "," SLAPD_PEOPLE "\n"                                                                              \
    "objectClass: inetOrgPerson\nobjectClass: shadowAccount\nobjectClass: switches\n"                                  \
    "uid: " name "\ncn: " name "\nsn: " name "\nuserPassword: " password "\n\n"

#define GROUP(name, member)                                                                                            \
    "dn: cn=" name "," SLAPD_GROUPS "\nobjectClass: groupOfNames\ncn: " name "\nmember: " member "\n\n"

static const char slapd_entries[] =
    "dn: " SLAPD_BASE "\nobjectClass: dcObject\nobjectClass: organization\ndc: example\no: example\n\n"
    "dn: " SLAPD_PEOPLE "\nobjectClass: organizationalUnit\nou: people\n\n"
    "dn: " SLAPD_GROUPS "\nobjectClass: organizationalUnit\nou: groups\n\n"
    "dn: ou=twins," SLAPD_BASE "\nobjectClass: organizationalUnit\nou: twins\n\n"
    "dn: ou=afar," SLAPD_BASE "\nobjectClass: organizationalUnit\nou: afar\n\n"
    "dn: " SLAPD_READER "\nobjectClass: person\ncn: reader\nsn: reader\nuserPassword: " SLAPD_READER_PASSWORD "\n\n"
    /* ada is an administrator; bob an operator through two other groups; eve is in no group; dan only in circles */
    PERSON("ada", "rocket 7") PERSON("bob", "builder 8") PERSON("eve", "apple 9") PERSON("dan", "dancer 1") PERSON(
        "gone", "expired 2") "dn: uid=odd\\2C name (x)*," SLAPD_PEOPLE
                             "\nobjectClass: inetOrgPerson\nuid: odd, name (x)*\ncn: odd\nsn: odd\n"
                             "userPassword: odd 4\n\n"
                             "dn: uid=twin," SLAPD_PEOPLE
                             "\nobjectClass: inetOrgPerson\nuid: twin\ncn: twin\nsn: twin\nuserPassword: twin 5\n\n"
                             "dn: uid=twin,ou=twins," SLAPD_BASE
                             "\nobjectClass: inetOrgPerson\nuid: twin\ncn: twin\nsn: twin\nuserPassword: twin 5\n\n"
                             "dn: uid=lost,ou=afar," SLAPD_BASE
                             "\nobjectClass: inetOrgPerson\nuid: lost\ncn: lost\nsn: lost\nuserPassword: lost 6\n\n"
                             "dn: ou=elsewhere,ou=afar," SLAPD_BASE
                             "\nobjectClass: referral\nobjectClass: extensibleObject\nou: elsewhere\n"
                             "ref: ldap://127.0.0.1:1/ou=elsewhere\n\n" GROUP("admins", "uid=ada," SLAPD_PEOPLE)
                                 GROUP("team", "uid=bob," SLAPD_PEOPLE) GROUP("crew", "cn=team," SLAPD_GROUPS)
                                     GROUP("operators", "cn=crew," SLAPD_GROUPS) GROUP("round", "uid=dan," SLAPD_PEOPLE)
                                         GROUP("about", "cn=round," SLAPD_GROUPS);
