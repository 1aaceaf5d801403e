import java.io.File;
import java.util.Map;
import org.verapdf.gf.foundry.VeraGreenfieldFoundryProvider;
import org.verapdf.pdfa.Foundries;
import org.verapdf.pdfa.PDFAParser;
import org.verapdf.pdfa.PDFAValidator;
import org.verapdf.pdfa.flavours.PDFAFlavour;
import org.verapdf.pdfa.results.ValidationResult;
import org.verapdf.pdfa.validation.profiles.RuleId;

/** Judges each file of the command line by PDF/A-3a and PDF/UA-1; a line for each verdict, one for each failed rule. */
public class Validate {
    private static final PDFAFlavour[] PROFILES = {PDFAFlavour.PDFA_3_A, PDFAFlavour.PDFUA_1};

    public static void main(String[] files) {
        VeraGreenfieldFoundryProvider.initialise();
        for (String file : files) {
            for (PDFAFlavour profile : PROFILES) {
                try {
                    judge(file, profile);
                } catch (Exception | Error error) {
                    say("ERROR", file, profile.getId(), error);
                }
            }
        }
        say("END", files.length);
    }

    private static void judge(String file, PDFAFlavour profile) throws Exception {
        try (PDFAParser parser = Foundries.defaultInstance().createParser(new File(file), profile);
             PDFAValidator validator = Foundries.defaultInstance().createValidator(profile, false)) {
            ValidationResult result = validator.validate(parser);
            int rules = result.getValidationProfile().getRules().size();
            say("VERDICT", file, profile.getId(), result.isCompliant(), rules, result.getTotalAssertions());
            for (Map.Entry<RuleId, Integer> failed : result.getFailedChecks().entrySet()) {
                RuleId rule = failed.getKey();
                String about = result.getValidationProfile().getRuleByRuleId(rule).getDescription();
                say("FAILED", file, profile.getId(), rule.getClause() + "-" + rule.getTestNumber(), failed.getValue(), about);
            }
        }
    }

    private static void say(Object... parts) {
        StringBuilder line = new StringBuilder();
        for (Object part : parts) {
            line.append(line.length() == 0 ? "" : "\t").append(String.valueOf(part).replaceAll("\\s+", " "));
        }
        System.out.println(line);
    }
}
