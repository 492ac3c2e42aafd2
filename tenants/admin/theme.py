"""The admin theme's classes under their Django types: the theme itself is not annotated."""

from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext_noop

if TYPE_CHECKING:
    from django.contrib import admin
    from django.contrib.admin.helpers import AdminReadonlyField as ThemedReadonlyField
    from django.contrib.auth.admin import UserAdmin
    from django.contrib.auth.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm
    from django.forms import BaseInlineFormSet, ModelForm, Select, Textarea, TextInput
    from django.forms import PasswordInput as ThemedPasswordInput

    ThemedAdmin = admin.ModelAdmin[Any]
    PlainModelForm = ModelForm[Any]
    ThemedStackedInline = admin.StackedInline[Any, Any]
    ThemedTabularInline = admin.TabularInline[Any, Any]
    ThemedFormSet = BaseInlineFormSet[Any, Any, Any]
    ThemedRelatedFilter = admin.RelatedFieldListFilter
    ThemedChoicesFilter = admin.ChoicesFieldListFilter
    ThemedSimpleFilter = admin.SimpleListFilter
    ThemedSelect = Select
    ThemedTextInput = TextInput
    ThemedTextarea = Textarea
    ThemedUserAdmin = UserAdmin[Any]
    ThemedUserChangeForm = UserChangeForm[Any]
    ThemedUserCreationForm = UserCreationForm[Any]
    ThemedPasswordChangeForm = AdminPasswordChangeForm[Any]
else:
    from django.contrib.auth.admin import UserAdmin as ThemedUserAdmin
    from django.forms import ModelForm as PlainModelForm
    from unfold.admin import ModelAdmin as ThemedAdmin
    from unfold.admin import StackedInline as ThemedStackedInline
    from unfold.admin import TabularInline as ThemedTabularInline
    from unfold.contrib.filters.admin import ChoicesDropdownFilter as ThemedChoicesFilter
    from unfold.contrib.filters.admin import DropdownFilter as ThemedSimpleFilter
    from unfold.contrib.filters.admin import RelatedDropdownFilter as ThemedRelatedFilter
    from unfold.fields import UnfoldAdminReadonlyField as ThemedReadonlyField
    from unfold.forms import AdminPasswordChangeForm as ThemedPasswordChangeForm
    from unfold.forms import PaginationInlineFormSet as ThemedFormSet
    from unfold.forms import UserChangeForm as ThemedUserChangeForm
    from unfold.forms import UserCreationForm as ThemedUserCreationForm
    from unfold.widgets import UnfoldAdminPasswordWidget as ThemedPasswordInput
    from unfold.widgets import UnfoldAdminSelectWidget as ThemedSelect
    from unfold.widgets import UnfoldAdminTextareaWidget as ThemedTextarea
    from unfold.widgets import UnfoldAdminTextInputWidget as ThemedTextInput

#: What the theme writes above a filter. German would have to decline its name, so it names it alone.
ABOVE_FILTER = gettext_noop(" By %(filter_title)s ")

__all__ = [
    "PlainModelForm",
    "ThemedAdmin",
    "ThemedChoicesFilter",
    "ThemedFormSet",
    "ThemedPasswordChangeForm",
    "ThemedPasswordInput",
    "ThemedReadonlyField",
    "ThemedRelatedFilter",
    "ThemedSelect",
    "ThemedSimpleFilter",
    "ThemedStackedInline",
    "ThemedTabularInline",
    "ThemedTextInput",
    "ThemedTextarea",
    "ThemedUserAdmin",
    "ThemedUserChangeForm",
    "ThemedUserCreationForm",
]
